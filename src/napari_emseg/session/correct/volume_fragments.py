"""The fragments of labels that are cells of a volume, made beside the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_emseg.errors import CancelledError, ReadError
from napari_emseg.io.scratch import Scratch
from napari_emseg.model.packages.library import model_or_default
from napari_emseg.session.correct.view import ProbabilitySource
from napari_emseg.session.painting.edit_tracker import EditTracker
from napari_emseg.types import ArrayLike

if TYPE_CHECKING:
    from napari_emseg.core.proofread.decision import Decision
    from napari_emseg.core.proofread.proofreading import Proofreading


@dataclass(frozen=True, eq=False)
class VolumeFragments:
    """Fragments, and the cells of which they are.

    Parameters
    ----------
    pixels : (Z, Y, X) int32 array
        Fragments, from 1 through the volume.
    cells : Proofreading
        Their cells, as the labels have them.
    scratch : Scratch
        Where the pixels lie.
    """

    pixels: ArrayLike
    cells: Proofreading
    scratch: Scratch


def make_fragments(
    tracker: EditTracker,
    source: ProbabilitySource,
    on_slice: Callable[[int, int], object],
    should_stop: Callable[[], bool],
) -> VolumeFragments:
    """Cut the probability into fragments; for a lane.

    Raises
    ------
    CancelledError
        If stopped.
    """
    from napari_emseg.core.cells3d.volume_cells import VolumeCells, fragment_volume
    from napari_emseg.core.proofread.pixels import table_of_labels
    from napari_emseg.core.proofread.proofreading import Proofreading
    from napari_emseg.model.packages.edges import read_edges

    scratch = Scratch()
    try:
        pixels = scratch.allocate("fragments", tracker.layer.shape, np.int32)

        def advance(done: int, total: int) -> None:
            on_slice(done, total)
            if should_stop():
                raise CancelledError("Stopped.")

        package = model_or_default(source.model)  # it may have been made elsewhere
        volume = VolumeCells.of(
            fragment_volume(
                source.data, pixels, threshold=package.info.threshold,
                voxel_size_nm=source.voxel_size_nm, on_slice=advance,
            ),
            read_edges(package),
        )  # fmt: skip
        _ = volume.hierarchy  # made here rather than when a person waits for a question
        table = table_of_labels(pixels, tracker.layer.stack, volume.graph.count)
        most = int(np.iinfo(tracker.layer.dtype).max)
        cells = Proofreading(
            volume, table, most=min(most, 2**32 - 1), log=_log(tracker, volume.graph.count)
        )
    except BaseException:
        scratch.close()
        raise
    return VolumeFragments(pixels, cells, scratch)


def _log(tracker: EditTracker, count: int) -> list[Decision]:
    """What was decided before the labels were saved, as far as it is about these fragments."""
    from napari_emseg.core.proofread.decision import from_json

    if tracker.edits.decisions is None:
        return []
    try:
        return from_json(tracker.edits.decisions, count)
    except ReadError:
        return []
