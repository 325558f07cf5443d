"""The scores of a volume in lines of text, for the terminal and for pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from napari_emseg.core.scores.volume.agreement import TITLES
from napari_emseg.core.scores.volume.errors import VolumeErrors

if TYPE_CHECKING:
    from napari_emseg.core.scores.volume.score_volume import VolumeScores  # it loads OpenCV

_LISTED = 5


def volume_lines(scores: VolumeScores) -> Iterator[str]:
    """Scores, counts by size, and the worst mergers and splits."""
    values = scores.volume.to_dict()
    yield (
        f"volume: {scores.predicted_cells} cells for {scores.true_cells}, {scores.voxels} voxels "
        f"count (foreground {scores.config.foreground})"
    )
    yield "  ".join(f"{title} {values[name]:.4f}" for name, title in TITLES.items())
    for errors in (scores.mergers, scores.splits):
        yield from _error_lines(errors)


def _error_lines(errors: VolumeErrors) -> Iterator[str]:
    sizes = ", ".join(
        f"{count} of {size:,} voxels and more" for size, count in errors.by_size.items()
    )
    yield f"{errors.kind}s: {len(errors)}" + (f" ({sizes})" if sizes else "")
    for error in errors.worst[:_LISTED]:
        (a, b), (c, d) = error.true_ids, error.predicted_ids
        what = (
            f"true cells {a} and {b} in predicted cell {c}"
            if errors.kind == "merger"
            else f"true cell {a} in predicted cells {c} and {d}"
        )
        place = ", ".join(map(str, error.place))
        yield f"  {error.voxels:>10,} voxels: {what}, at (z, y, x) ({place})"
