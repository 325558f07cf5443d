"""What is said of the data of a training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from napari_emseg.engine.train.request import TrainingData, TrainRequest
from napari_emseg.session.words import plural, voxel
from napari_emseg.types import LabelsMeaning

if TYPE_CHECKING:  # needs scipy, and is made beside the window
    from napari_emseg.core.train.label_summary import LabelSummary


def taken_for(data: TrainingData, summary: LabelSummary, meaning: LabelsMeaning) -> str:
    """What the labels were taken for, and what a person should know of them."""
    return " ".join(_sentences(data, summary, meaning))


def _sentences(data: TrainingData, summary: LabelSummary, meaning: LabelsMeaning) -> Iterator[str]:
    if summary.meaning == meaning:
        yield f"Labels are {summary.said}"
    else:
        yield f"By their looks labels would be {summary.said}"
    yield from summary.remarks
    for stack in (data.images, data.labels):
        for note in stack.notes:
            yield f"{stack.name}: {note}"


def about(data: TrainingData, summary: LabelSummary) -> str:
    """What was found in the data."""
    z, y, x = data.images.shape
    return (
        f"{plural(z, 'slice')} of {y} x {x} px, {voxel(data.images.voxel_size_nm)}; "
        f"{len(summary.labelled)} labelled."
    )


def learned_from(request: TrainRequest) -> str:
    """From which stacks a training learns, of which at least one is on the list; in lines.

    Raises
    ------
    SettingError
        If their pixel sizes are too far from one another.
    """
    first, *names = [each.name for each in request.stacks]
    if not names:
        return f"{first} is on the list; choose the next image and its labels above."
    named = ", ".join((f"{first} (chosen above)", *names))
    count = plural(1 + len(names), "stack")
    return "\n".join((f"Learns from {count}: {named}.", *request.said_of_pixels()))
