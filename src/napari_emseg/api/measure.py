"""Cells measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_emseg.api.arrays import OnSlice, as_stack
from napari_emseg.api.in_blocks import is_in_blocks
from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.config.setting import require_known
from napari_emseg.core.measure.measures import Measures, measure_cells
from napari_emseg.core.measure.table import Table
from napari_emseg.errors import CancelledError
from napari_emseg.io.read import read_stack
from napari_emseg.types import (
    AnyPath,
    ArrayLike,
    Log,
    OnEvent,
    Progress,
    ShouldStop,
    Stack,
    VoxelSize,
)


def measure(
    cells: Stack | ArrayLike,
    *,
    image: Stack | ArrayLike | None = None,
    classes: Stack | ArrayLike | None = None,
    sections: bool = False,
    voxel_size_nm: VoxelSize | None = None,
    on_slice: OnSlice | None = None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> Measures:
    """Measure cells: size, surface, shape, contacts, what is in them; slice by slice.

    Parameters
    ----------
    cells : Stack, or (Z, Y, X) or (Y, X) array
        Ids of cells, any integer dtype; numpy or lazy. With ``sections`` a mask will do.
    image : Stack or array, optional
        Grey values, for their mean in each cell.
    classes : Stack or array, optional
        1 membrane, 2 cell, 3 and more parts of cells, as ``segment(..., output="classes")`` gives.
    sections : bool
        The slices are single sections and no volume: no row a cell, a row a profile.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, where ``cells`` does not know them.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` after every slice.
    should_stop : callable
        Looked at after every slice.
    **settings
        Of `MeasureConfig`, by name.

    Returns
    -------
    Measures
        Tables whose columns carry their unit in their name; ``dict`` of arrays in ``columns``.

    Raises
    ------
    LabelsError
        If ``cells`` is a probability, a mask of a volume, or 0 everywhere.
    ShapeError
        If image or classes have another shape.
    SettingError
        If a setting is unknown or out of range, or the voxel size is not three positive numbers.
    CancelledError
        If stopped.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_emseg as em
    >>> cells = np.zeros((6, 20, 20), int)
    >>> cells[1:5, 2:12, 2:12] = 7
    >>> table = em.measure(cells, voxel_size_nm=(50, 10, 10)).cells
    >>> table["id"], table["volume_um3"]
    (array([7]), array([0.002]))
    """

    def advance(done: int, total: int) -> None:
        if on_slice is not None:
            on_slice(done, total)
        if should_stop() and done < total:
            raise CancelledError(f"Stopped after {done} of {total} slices.")

    require_known(settings, MeasureConfig)
    stack = as_stack(cells, voxel_size_nm, kind="labels")
    return measure_cells(
        stack.data, voxel_size_nm=stack.voxel_size_nm, sections=sections,
        image=None if image is None else as_stack(image).data,
        classes=None if classes is None else as_stack(classes, kind="labels").data,
        config=MeasureConfig(**settings), on_slice=advance,
    )  # fmt: skip


def measure_file(
    source: AnyPath,
    out: AnyPath,
    *,
    contacts: AnyPath | None = None,
    image: AnyPath | None = None,
    voxel_size_nm: VoxelSize | None = None,
    keep: AnyPath | None = None,
    overwrite: bool = False,
    client: Any = None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> Table | None:
    """Measure the cells of a volume of any size, in blocks where somebody is to do them.

    Parameters
    ----------
    source : path
        Ids of cells, what `read_stack` reads.
    out : path
        ``TABLE.csv``: a row a cell.
    contacts : path, optional
        Another one: a row for two cells that touch.
    image : path, optional
        Grey values, for their mean in each cell.
    voxel_size_nm, should_stop, **settings
        As `measure` takes them.
    keep : path, optional
        In blocks: a folder or an ``s3://`` address, which all workers reach, for what blocks have
        found; it stays. By default it lies beside ``out`` until the table is there, so that the
        same call goes on after a stop.
    overwrite : bool
        In blocks: begin anew, where what is kept was begun with something else.
    client : distributed.Client, optional
        Do it in blocks, by the workers of this cluster of Dask. So it is done with the settings of
        `BlocksConfig` as well, such as ``workers=2``.
    on_event : callable
        Receives a `Log` for what a person should know, and `Progress`.

    Returns
    -------
    Table or None
        The rows of cells, of a single section those of its profiles; None where blocks of other
        parts are missing.

    Raises
    ------
    EmsegError
        As `measure` and `read_stack`; `WriteError` where a table cannot be written.

    Examples
    --------
    >>> import numpy as np
    >>> import napari_emseg as em
    >>> cells = np.zeros((6, 20, 20), np.uint16)
    >>> cells[1:5, 2:12, 2:12] = 7
    >>> _ = em.write_stack("cells.zarr", em.Stack(cells, (50, 10, 10), kind="labels"))
    >>> table = em.measure_file("cells.zarr", "cells.csv", part="1/1")
    >>> table["id"], table["volume_um3"]
    (array([7]), array([0.002]))
    """
    from napari_emseg.report.tables import check_csv, write_table

    require_known(settings, MeasureConfig, BlocksConfig)
    config, shared = MeasureConfig().changed(settings), BlocksConfig().changed(settings)
    paths = [Path(each) for each in (out, contacts) if each is not None]
    for path in paths:
        check_csv(path)

    def write(*tables: Table | None) -> None:
        for path, table in zip(paths, tables, strict=False):
            assert table is not None, "of a volume there are both"
            write_table(table, path)

    if is_in_blocks(shared, client, out):
        from napari_emseg.engine.distributed.kept import kept_run
        from napari_emseg.engine.distributed.runners import do_in_blocks
        from napari_emseg.engine.measure.run_blocks import MeasureJob, measure_in_blocks

        grey = None if image is None else Path(image)
        with kept_run(keep, out, stays=bool(shared.part)) as place:
            job = MeasureJob(Path(source), place, grey, config, voxel_size_nm, overwrite)
            made = do_in_blocks(
                measure_in_blocks, job, shared, client, "cpu", on_event, should_stop
            )
            if made is not None:
                write(made.cells, made.contacts)
        return None if made is None else made.cells
    stack = read_stack(source, kind="labels", voxel_size_nm=voxel_size_nm)
    pixels = None if image is None else read_stack(image, kind="image", raw_values=True)
    found = measure(
        stack, image=pixels, should_stop=should_stop, **config.to_dict(),
        on_slice=lambda done, total: on_event(Progress(done, total, "slices measured")),
    )  # fmt: skip
    for note in (*stack.notes, *found.notes):
        on_event(Log(note))
    main = found.profiles if found.cells is None else found.cells
    write(main, found.contacts)
    return main
