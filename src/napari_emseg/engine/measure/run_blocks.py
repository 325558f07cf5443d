"""The cells of a volume of any size measured in blocks, by as many processes as there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_emseg import __version__
from napari_emseg.core.blocks.plan import bytes_read, chunks_of, plan_blocks
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.core.measure.bodies import cell_table, contact_table
from napari_emseg.core.measure.measures import check_cells, notes_on, require_some
from napari_emseg.core.measure.measuring import has_thickness, seen_beside
from napari_emseg.core.measure.table import Table, Units
from napari_emseg.engine.distributed.kept import begin
from napari_emseg.engine.distributed.stage import Stage
from napari_emseg.engine.measure.blocks import MeasureBlocks, opened
from napari_emseg.errors import ShapeError
from napari_emseg.io.layout.location import Location
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Log, OnEvent, ShouldStop, VoxelSize

if TYPE_CHECKING:
    from napari_emseg.engine.distributed.runners import Runner


@dataclass(frozen=True)
class MeasureJob:
    """Measure the cells of a volume in blocks.

    Parameters
    ----------
    cells : Path
        Ids through the volume.
    place : Place
        Where the run is kept.
    image : Path, optional
        Grey values.
    config : MeasureConfig
        What is a membrane.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, in place of what the cells record.
    overwrite : bool
        Begin anew in place of going on with what is kept.
    """

    cells: Path
    place: Place
    image: Path | None = None
    config: MeasureConfig = MeasureConfig()
    voxel_size_nm: VoxelSize | None = None
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class MeasuredCells:
    """What was measured.

    Parameters
    ----------
    cells, contacts : Table
        A row a cell, and a row for two that touch; see `core.measure.measures.Measures`.
    """

    cells: Table
    contacts: Table


def measure_in_blocks(
    job: MeasureJob, runner: Runner, emit: OnEvent, should_stop: ShouldStop, *, joins: bool = False
) -> MeasuredCells | None:
    """Do a job; the tables are those of `core.measure.measures.measure_cells`.

    Where slices are so large that they are cut, the middle lines of membranes, and with them their
    thickness, may differ a little along the cuts.

    Parameters
    ----------
    job : MeasureJob
        What to do.
    runner : Runner
        Who does the blocks.
    emit, should_stop : callable
        See `engine.run`.
    joins : bool
        Whether others may be at it already.

    Returns
    -------
    MeasuredCells or None
        None where blocks of other parts are missing.

    Raises
    ------
    LabelsError, ShapeError
        As `measure_cells`.
    WriteError
        If a run is kept there that was begun with something else.
    """
    source = str(Location.of(job.cells))
    image = None if job.image is None else str(Location.of(job.image))
    versions = [
        None if each is None else Location.of(each).version() for each in (job.cells, job.image)
    ]
    version = json.dumps(versions)
    stack = opened(source, "labels", version)
    grey = None if image is None else opened(image, "image", version)
    check_cells(stack.data, None if grey is None else grey.data)
    if len(stack) == 1:
        raise ShapeError(
            "cells: expected a volume of two slices or more, received a single section; measure it "
            "without blocks"
        )
    voxel_size_nm = job.voxel_size_nm or stack.voxel_size_nm
    units, chunks = Units.of(voxel_size_nm), chunks_of(stack)
    for note in (*stack.notes, *notes_on(job.config, units)):
        emit(Log(note))
    blocks = plan_blocks(
        stack.shape, read=chunks, write=chunks, halo=seen_beside(job.config, units)
    )
    about = {
        "input": versions[0],
        "image": versions[1],
        "napari-emseg": __version__,
        "shape": blocks.shape,
        "blocks": blocks.size,
        "voxel_size_nm": voxel_size_nm,
        **job.config.to_dict(),
    }
    begin(job.place, about, joins=joins, overwrite=job.overwrite)
    do = MeasureBlocks(source, image, blocks, job.place, job.config, units, version)
    read = bytes_read(blocks, stack, *(() if grey is None else (grey,)))
    if not runner.run(_stages(do, read), job.place, emit, should_stop):
        return None
    sums = do.sums()
    require_some(sums.ids)
    thickness = has_thickness(job.config, units)
    return MeasuredCells(
        cell_table(sums, blocks.shape[0], units, thickness=thickness), contact_table(sums, units)
    )


def _stages(do: MeasureBlocks, read_bytes: float) -> Iterator[Stage]:
    yield Stage("measure", len(do.blocks), do, do.title, read_bytes=read_bytes)
    yield Stage("sums", 1, do.add_up, is_for_all=True)
