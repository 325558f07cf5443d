"""The cells of a volume of any size scored in blocks, by as many processes as there are."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from napari_emseg import __version__
from napari_emseg.core.blocks.plan import bytes_read, chunks_of, plan_blocks
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.core.scores.volume.score_volume import (
    Counted,
    Tally,
    VolumeScores,
    check_volumes,
)
from napari_emseg.engine.compare.blocks import ScoreBlocks, opened
from napari_emseg.engine.distributed.kept import begin
from napari_emseg.engine.distributed.stage import Stage
from napari_emseg.io.layout.location import Location
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Log, OnEvent, ShouldStop, VoxelSize

if TYPE_CHECKING:
    from napari_emseg.engine.distributed.runners import Runner


@dataclass(frozen=True)
class ScoreJob:
    """Score the cells of a volume in blocks.

    Parameters
    ----------
    prediction, truth : Path
        Ids through the volume.
    place : Place
        Where the run is kept.
    config : VolumeScoresConfig
        Which voxels count, and what is an error.
    voxel_size_nm : tuple of float, optional
        Edge lengths (Z, Y, X) in nm, in place of what the truth records.
    overwrite : bool
        Begin anew in place of going on with what is kept.
    """

    prediction: Path
    truth: Path
    place: Place
    config: VolumeScoresConfig = VolumeScoresConfig()
    voxel_size_nm: VoxelSize | None = None
    overwrite: bool = False


def score_in_blocks(
    job: ScoreJob, runner: Runner, emit: OnEvent, should_stop: ShouldStop, *, joins: bool = False
) -> VolumeScores | None:
    """Do a job; the scores are those of `core.scores.volume.score_volume.score_volume`.

    Where slices are so large that they are cut, the points that are named in pieces may be others.

    Parameters
    ----------
    job : ScoreJob
        What to do.
    runner : Runner
        Who does the blocks.
    emit, should_stop : callable
        See `engine.run`.
    joins : bool
        Whether others may be at it already.

    Returns
    -------
    VolumeScores or None
        None where blocks of other parts are missing.

    Raises
    ------
    LabelsError, ShapeError, SettingError
        As `score_volume`.
    WriteError
        If a run is kept there that was begun with something else.
    """
    versions = [Location.of(each).version() for each in (job.prediction, job.truth)]
    sources = [str(Location.of(each)) for each in (job.prediction, job.truth)]
    version = json.dumps(versions)
    predicted, truth = (opened(each, version) for each in sources)
    for note in (*predicted.notes, *truth.notes):
        emit(Log(note))
    size = job.voxel_size_nm or truth.voxel_size_nm or predicted.voxel_size_nm
    border = check_volumes(predicted.data, truth.data, job.config, size)
    chunks = chunks_of(truth)
    around = math.ceil(job.config.error_radius_px + (border or 0)) + 2
    blocks = plan_blocks(truth.shape, read=chunks, write=chunks, halo=(0, around, around))
    about = {
        "prediction": versions[0],
        "truth": versions[1],
        "napari-emseg": __version__,
        "shape": blocks.shape,
        "blocks": blocks.size,
        "voxel_size_nm": size,
        **job.config.to_dict(),
    }
    begin(job.place, about, joins=joins, overwrite=job.overwrite)
    do = ScoreBlocks(sources[0], sources[1], blocks, job.place, border, version)
    scored = _Scored(do, job.config)
    read = bytes_read(blocks, predicted, truth)
    if not runner.run(scored.stages(read), job.place, emit, should_stop):
        return None
    return scored.counted.scores(do.outlines(), size)


class _Scored:
    """What the client adds up, once all blocks are counted."""

    def __init__(self, do: ScoreBlocks, config: VolumeScoresConfig) -> None:
        self.do, self._config = do, config

    @cached_property
    def counted(self) -> Counted:
        """The pieces of the volume."""
        return self.do.add_up(Tally(self._config))

    def stages(self, read_bytes: float) -> Iterator[Stage]:
        """Count, find the errors, look where they are."""
        do, count = self.do, len(self.do.blocks)
        yield Stage("pieces", count, do.count, do.title, read_bytes=read_bytes)
        yield Stage("errors", 1, self._find, is_for_all=True)
        if self._config.worst:
            yield Stage("outlines", count, do.look, do.title, read_bytes=read_bytes)

    def _find(self, _: int) -> None:
        self.do.want(self.counted)
