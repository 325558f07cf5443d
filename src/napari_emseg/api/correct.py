"""Cells of a volume that no window holds, corrected by a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.setting import require_known
from napari_emseg.engine.jobs import CellsResult, CorrectJob
from napari_emseg.errors import ReadError
from napari_emseg.types import AnyPath, OnEvent, ShouldStop


def correct_cells(
    cells: AnyPath,
    corrections: AnyPath,
    *,
    client: Any = None,
    on_event: OnEvent = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    **settings: Any,
) -> CellsResult:
    """Merge and split cells of a volume that was done in blocks; its graph lies beside it.

    The ids are then those that were solved with these corrections, whatever was corrected before:
    take a line away, or add one that undoes it, and call again. Only blocks in which an id changes
    are written. What is solved again later (``cells_file(..., resume=True, merging=0.7)``) is
    corrected again.

    Parameters
    ----------
    cells : path
        The OME-Zarr that `cells_file` or `segment_file` has made in blocks; it is changed.
    corrections : path
        A file of lines, such as ``{"merge": [[z, y, x], [z, y, x]]}``, ``{"split": [[z, y, x],
        [z, y, x]]}`` and ``{"undo": 2}``, which takes line 2 back. Points are voxels from 0, or nm
        with ``"unit": "nm"``. A later line prevails.
    client : distributed.Client, optional
        The workers of this cluster of Dask write the blocks; or as the settings say.
    on_event : callable
        Receives `Log` and `Progress`.
    should_stop : callable
        Looked at before every block; the same call goes on.
    **settings
        Of `BlocksConfig`, by name: ``workers=2``. Without any this process does it.

    Returns
    -------
    CellsResult
        How many cells there are now.

    Raises
    ------
    LabelsError
        If a line cannot be understood, or a point lies in no cell; the line is named, and nothing
        has changed.
    ReadError
        If no graph lies beside the cells, or the file cannot be read.

    Examples
    --------
    >>> import napari_emseg as em
    >>> _, truth = em.phantom()
    >>> _ = em.write_stack("mask.zarr", truth)
    >>> before = em.cells_file("mask.zarr", "cells.zarr", part="1/1")
    >>> with open("corrections.jsonl", "w") as file:
    ...     _ = file.write('{"merge": [[0, 60, 40], [0, 400, 400]]}')
    >>> after = em.correct_cells("cells.zarr", "corrections.jsonl")
    >>> before.cells.cells - after.cells.cells
    1
    """
    from napari_emseg.engine.cells.run_correct import correct_in_blocks
    from napari_emseg.engine.distributed.runners import do_in_blocks

    require_known(settings, BlocksConfig)
    try:
        text = Path(corrections).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(
            f"{corrections}: cannot be read ({error}); give a file of lines of JSON"
        ) from error
    job = CorrectJob(str(cells), text)
    shared = BlocksConfig().changed(settings)
    return do_in_blocks(correct_in_blocks, job, shared, client, "cpu", on_event, should_stop)
