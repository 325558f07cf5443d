"""A model trained on labelled slices."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_emseg.api.arrays import as_stack
from napari_emseg.api.models import AnyModel, load_model
from napari_emseg.errors import SettingError, ShapeError
from napari_emseg.io.formats.file_format import AnyPath
from napari_emseg.model.packages.package import ModelPackage, read_package
from napari_emseg.types import ArrayLike, LabelsMeaning, OnEvent, ShouldStop, Stack, VoxelSize


def train(
    stacks: Stack | ArrayLike | Sequence[tuple[Stack | ArrayLike, Stack | ArrayLike]],
    labels: Stack | ArrayLike | None = None,
    *,
    folder: AnyPath,
    name: str | None = None,
    labels_mean: LabelsMeaning | Sequence[LabelsMeaning | None] | None = None,
    slices: Sequence[int] | Sequence[Sequence[int] | None] | None = None,
    val_slices: Sequence[int] | Sequence[Sequence[int] | None] | None = None,
    weights: Sequence[float] | None = None,
    start_from: AnyModel | None = None,
    resume: bool = False,
    voxel_size_nm: VoxelSize | None = None,
    device: str = "auto",
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> ModelPackage:
    """Train a U-Net on labelled slices; needs the extra ``[train]``.

    The weights of the epoch that is best on the validation slices become the model; of several
    stacks the mean over them counts.

    Parameters
    ----------
    stacks : Stack, or (Z, Y, X) or (Y, X) array, or a list of pairs
        Grey values; or several images with their labels, ``[(image, labels), ...]``, of any
        shapes, numbers, voxel sizes and meanings of labels. All are resampled to one pixel size,
        ``network_pixel_nm``; one whose voxel size is unknown is taken as it is.
    labels : Stack or array, optional
        Integers of the image's shape, unless pairs are given. A slice of zeros is not labelled.
    folder : path
        Run folder to make: history, weights, and the model as ``package``.
    name : str, optional
        Of the model; as the folder by default.
    labels_mean : {"mask", "membranes", "scribbles", "instances"}, optional
        Nonzero is cell, or membrane; 0 unknown, 1 membrane, 2 cell, 3.. further classes; or each
        cell its own id. Guessed by default, and told to ``on_event``. Of several pairs, also a
        list with one for each.
    slices, val_slices : sequence of int, optional
        Use only these labelled slices; validate on these. By default a fraction of all, spread.
        Of several pairs, a list with one entry for each, None for the default.
    weights : sequence of float, optional
        How often patches are drawn from each of several pairs; all alike by default.
    start_from : str, Path or ModelPackage, optional
        Model to go on from; it brings its network's shape and pixel size along.
    resume : bool
        Go on after the last epoch of the run in ``folder``, with its settings.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, where the image does not know them.
    device : str
        ``auto``, ``cpu``, ``gpu`` or ``gpu:0``.
    on_event : callable
        Receives `Log`, `Progress`, `EpochDone` and `Preview`.
    should_stop : callable
        Looked at after every step; when it turns true, the best model so far is kept and returned.
    **settings
        Of `TrainConfig`, `NetworkConfig`, `AugmentConfig` and `TermsConfig`, by name, such as
        ``minutes=30``.

    Returns
    -------
    ModelPackage
        The model, to be given to `segment`, or to `import_model`, which keeps it in the library.

    Raises
    ------
    ShapeError, LabelsError, SettingError, ModelError, DeviceError, WriteError
        If the data, the settings, the model to start from, the device or the folder will not do.
    MissingPackageError
        If Keras or TensorFlow is not installed.
    CancelledError
        If stopped before the first epoch was done.

    References
    ----------
    Ronneberger, Fischer, Brox: U-Net. MICCAI 2015. https://doi.org/10.1007/978-3-319-24574-4_28

    Examples
    --------
    >>> import napari_emseg as em
    >>> image, labels = em.phantom()
    >>> model = em.train(image, labels, folder="run", epochs=1, base_filters=4, depth=2)
    >>> em.segment(image, model=model, output="mask", slices=[0]).shape
    (1, 512, 512)
    """
    from napari_emseg.engine.train.labelled_stack import labelled_stacks
    from napari_emseg.engine.train.train_stacks import train_stacks

    pairs = _pairs(stacks, labels, voxel_size_nm)
    labelled = labelled_stacks(
        pairs, labels_mean=[labels_mean] if isinstance(labels_mean, str) else labels_mean,
        slices=_of_each(slices, len(pairs)), val_slices=_of_each(val_slices, len(pairs)),
        weights=weights,
    )  # fmt: skip
    result = train_stacks(
        labelled, folder=Path(folder).absolute(), name=name,
        start_from=None if start_from is None else load_model(start_from), resume=resume,
        device=device, settings=settings, on_event=on_event, should_stop=should_stop,
    )  # fmt: skip
    return read_package(result.package)


def _of_each(slices: Any, pairs: int) -> Sequence[Sequence[int] | None] | None:
    """Slices of each pair; of a single one they may stand alone."""
    if slices is None or any(each is None or isinstance(each, Sequence) for each in slices):
        return None if slices is None else list(slices)
    if pairs == 1:
        return [slices]
    raise SettingError(
        f"slices: expected a list with one entry for each of the {pairs} pairs, None for all of "
        f"its slices, received {list(slices)}"
    )


def _pairs(
    stacks: Any, labels: Stack | ArrayLike | None, voxel_size_nm: VoxelSize | None
) -> list[tuple[Stack, Stack]]:
    given = stacks if labels is None else [(stacks, labels)]
    if not isinstance(given, (list, tuple)) or any(len(each) != 2 for each in given):
        raise ShapeError(
            "labels: expected an image and its labels, or a list of pairs [(image, labels), ...], "
            f"received {type(given).__name__} alone"
        )
    return [(as_stack(a, voxel_size_nm), as_stack(b, kind="labels")) for a, b in given]
