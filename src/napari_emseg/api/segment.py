"""A stack, or a file of any size, segmented by a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from napari_emseg.api.arrays import OnSlice, as_stack
from napari_emseg.api.in_blocks import is_in_blocks
from napari_emseg.api.models import AnyModel, load_model
from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.config.setting import Config, require_known
from napari_emseg.engine.jobs import BlocksJob, PredictResult, SegmentJob
from napari_emseg.errors import CancelledError, SettingError, ShapeError
from napari_emseg.io.formats.file_format import AnyPath
from napari_emseg.model.packages.library import DEFAULT
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.types import ArrayLike, OnEvent, ShouldStop, Stack, StackKind, VoxelSize, What


def segment(
    image: Stack | ArrayLike,
    *,
    model: AnyModel = DEFAULT,
    output: What = "cells",
    slices: Sequence[int] | None = None,
    out: ArrayLike | None = None,
    voxel_size_nm: VoxelSize | None = None,
    device: str = "auto",
    client: Any = None,
    folder: AnyPath | None = None,
    on_slice: OnSlice | None = None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> Stack:
    """Segment a stack, slice by slice.

    Parameters
    ----------
    image : Stack, or (Z, Y, X) or (Y, X) array
        Grey values, bool, integer or float; numpy, or lazy, which is never loaded as a whole.
    model : str, Path or ModelPackage
        Name in the library, folder of a package or of a training, or the package itself.
    output : {"cells", "mask", "probability", "classes"}
        uint32 ids, the same through the slices of a cell (see `cells`); uint8 255 cell and 0
        membrane; float32 probability of cell, 0..1; uint8 1 membrane, 2 cell, 3.. further classes.
    slices : sequence of int, optional
        Only these, in this order.
    out : (Z, Y, X) array, optional
        What to fill, such as a memory map or a zarr array, in place of a new numpy array; after an
        error or a stop it holds the slices that were finished.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, where ``image`` does not know them.
    device : str
        ``auto``, ``cpu``, ``gpu`` or ``gpu:0``.
    client : distributed.Client, optional
        Do it in blocks, by the workers of this cluster of Dask. So it is done with the settings of
        `BlocksConfig` as well, such as ``workers=2``. The image is copied to a file for that, and
        the result read from one: what lies in a file already is for `segment_file`.
    folder : path, optional
        With workers on other machines: one that all reach, for these files, which go at the end.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice.
    on_event : callable
        Receives a `Log` where something takes long, or had to change, and for what was found of
        the image: other pixels than the model's, bright membranes, missing sections.
    should_stop : callable
        Looked at before every slice.
    **settings
        Of `PredictConfig`, `MaskConfig` and `CellsConfig`, by name; ``threshold`` is the model's
        own by default.

    Returns
    -------
    Stack
        Data (Z, Y, X), with the image's voxel size.

    Raises
    ------
    ShapeError
        If image, ``slices`` or ``out`` have another shape or dtype than described.
    SettingError
        If a setting is unknown or out of range.
    ModelError, DeviceError, MemoryShortError, MissingPackageError
        If the model is missing, or cannot be run.
    CancelledError
        If stopped.

    References
    ----------
    Ronneberger, Fischer, Brox: U-Net. MICCAI 2015. https://doi.org/10.1007/978-3-319-24574-4_28

    Examples
    --------
    >>> import napari_emseg as em
    >>> image, _ = em.phantom()
    >>> mask = em.segment(image, output="mask", slices=[0, 1], threshold=0.6)
    >>> mask.shape, mask.data.dtype, mask.voxel_size_nm
    ((2, 512, 512), dtype('uint8'), (50.0, 4.0, 4.0))
    """
    from napari_emseg.core.segment.segmenter import DTYPES
    from napari_emseg.engine.segment.stack import segment_stack
    from napari_emseg.engine.segment.volume import is_followed, solve_prediction

    _require_output(output)
    stack, package = as_stack(image, voxel_size_nm), load_model(model)
    config, rules, follow = _predict_settings(package, settings, BlocksConfig)
    shared = BlocksConfig().changed(settings)
    chosen = range(len(stack)) if slices is None else slices
    stack.require_slices(chosen)
    out = _place(out, (len(chosen), *stack.shape[1:]), DTYPES[output])
    followed = output == "cells" and is_followed(chosen, len(stack), follow)
    kind: StackKind = "image" if output == "probability" else "labels"
    segmented = stack.with_data(
        out, name=f"{stack.name} {output}", kind=kind, predicted=tuple(range(len(chosen)))
    )
    if client is not None or shared.is_said:
        from napari_emseg.api.array_in_blocks import segment_array

        if output == "cells" and not followed:
            raise SettingError(
                "output: expected slices of a volume, of which cells are made in blocks, received "
                "single ones; leave client and workers out"
            )
        job = SegmentJob(
            Path(), "", output, str(package.folder), None if slices is None else tuple(slices),
            device=device, config=config, rules=rules, cells=follow,
        )  # fmt: skip
        segment_array(
            stack, out, BlocksJob(job, shared), folder, on_event, should_stop, client=client,
            on_slice=on_slice,
        )  # fmt: skip
        return segmented
    filled = np.empty(out.shape, np.float32) if followed else out
    done = 0
    for _, pixels in segment_stack(
        stack, package, "probability" if followed else output, slices=chosen, device=device,
        config=config, rules=rules, on_event=on_event, should_stop=should_stop,
    ):  # fmt: skip
        filled[done] = pixels
        done += 1
        if on_slice is not None:
            on_slice(done, len(chosen))
    if done < len(chosen):
        raise CancelledError(f"Stopped after {done} of {len(chosen)} slices.")
    if followed:
        solved = solve_prediction(
            filled, np.empty(out.shape, np.int32), package, rules, follow, stack.voxel_size_nm,
            on_event, should_stop,
        )  # fmt: skip
        for z in range(done):
            out[z] = solved.cells[z]
    return segmented


def segment_file(
    source: AnyPath,
    out: AnyPath,
    *,
    model: AnyModel = DEFAULT,
    output: What = "cells",
    slices: Sequence[int] | None = None,
    device: str = "auto",
    overwrite: bool = False,
    resume: bool = False,
    client: Any = None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> PredictResult:
    """Segment a file of any size into another, slice by slice; ``napari-emseg predict`` does this.

    Parameters
    ----------
    source : path
        What `read_stack` reads.
    out : path
        What `write_stack` writes; its ending says the format.
    model, output, slices, device, on_event, should_stop, **settings
        As `segment` takes them; ``on_event`` also receives `Progress` and `SliceDone`.
    overwrite : bool
        Whether an existing output may be replaced.
    resume : bool
        Go on where a run into the same output was stopped, whatever stopped it.
    client : distributed.Client, optional
        Do it in blocks, by the workers of this cluster of Dask. So it is done with the settings of
        `BlocksConfig` as well, such as ``workers=2``, and where ``out`` is an address; it is
        OME-Zarr then.

    Returns
    -------
    PredictResult
        How many slices were done, in what time, and by what; none where other parts are missing.

    Raises
    ------
    EmsegError
        As `segment`, `read_stack` and `write_stack`; what was finished is kept, for ``resume``.
    WorkerError
        If blocks failed, which are named, or a cluster did.

    Examples
    --------
    >>> import napari_emseg as em
    >>> from napari_emseg.io.samples import phantom_path
    >>> em.segment_file(phantom_path(), "mask.zarr", output="mask", slices=[0, 1]).slices
    2
    >>> em.read_stack("mask.zarr").shape
    (2, 512, 512)
    """
    from napari_emseg.engine.run import run

    _require_output(output)
    package = load_model(model)
    config, rules, follow = _predict_settings(package, settings, BlocksConfig)
    job = SegmentJob(
        Path(source), str(out), output, str(package.folder),
        slices=None if slices is None else tuple(slices), device=device, config=config,
        rules=rules, cells=follow, overwrite=overwrite, resume=resume,
    )  # fmt: skip
    shared = BlocksConfig().changed(settings)
    if is_in_blocks(shared, client, out):
        from napari_emseg.engine.segment.cells_in_blocks import segment_by_others

        return segment_by_others(BlocksJob(job, shared), on_event, should_stop, client=client)
    result: PredictResult = run(job, on_event, should_stop)
    return result


def _require_output(output: str) -> None:
    known = get_args(What)
    if output not in known:
        raise SettingError(f"output: expected one of {', '.join(known)}, received {output!r}")


def _predict_settings(
    package: ModelPackage, settings: dict[str, Any], *more: type[Config]
) -> tuple[PredictConfig, MaskConfig, CellsConfig]:
    require_known(settings, PredictConfig, MaskConfig, CellsConfig, *more)
    rules = MaskConfig(threshold=package.info.threshold)
    follow = CellsConfig().changed(settings)
    return PredictConfig().changed(settings), rules.changed(settings), follow


def _place(out: ArrayLike | None, shape: tuple[int, ...], dtype: Any) -> ArrayLike:
    if out is None:
        return np.zeros(shape, dtype)
    if tuple(out.shape) != shape or not np.can_cast(dtype, out.dtype, "safe"):
        raise ShapeError(
            f"out: expected {shape} of {np.dtype(dtype)}, received {tuple(out.shape)} of "
            f"{out.dtype}"
        )
    return out
