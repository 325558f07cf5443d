"""What a click will take, said before it: tiles, time and memory, as measured on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_emseg.engine.jobs import WarmUpJob
from napari_emseg.errors import EmsegError
from napari_emseg.types import Event, Failed, Finished, Log
from napari_emseg.ui.viewer.layers import stack_shape
from napari_emseg.ui.widgets.notify import show_failure
from napari_emseg.ui.widgets.words import duration, plural

if TYPE_CHECKING:
    from napari_emseg.engine.jobs import Job
    from napari_emseg.model.predict.predictor import CostEstimate
    from napari_emseg.ui.segment.fields import SegmentFields

NO_IMAGE = "Choose an image and press a button."
_MIB = 2**20


class CostEstimator:
    """Has the worker load the model and time a tile, and says what the whole stack will take.

    It does so again whenever a field changes that matters; so the worker is warm before the click.

    Parameters
    ----------
    fields : SegmentFields
        What is segmented, by what and how.
    submit : callable
        Gives a job to the worker process, and returns its ticket.
    abandon : callable
        Gives up a job by its ticket.
    tell : callable
        Receives the sentence.
    """

    def __init__(
        self,
        fields: SegmentFields,
        submit: Callable[[Callable[[], Job], Callable[[Event], None]], int],
        abandon: Callable[[int], None],
        tell: Callable[[str], None],
    ) -> None:
        self._fields, self._submit, self._abandon, self._tell = fields, submit, abandon, tell
        self._ticket: int | None = None
        self._outlook: CostEstimate | None = None
        for field in (fields.image, fields.model, fields.device, fields.tta, fields.exact):
            field.changed.connect(self.ask)
        fields.slices.changed.connect(self._say)

    def ask(self, _: object = None) -> None:
        """Have the worker find out."""
        fields, self._outlook = self._fields, None
        if self._ticket is not None:
            self._abandon(self._ticket)
        if fields.model.value is None:
            return
        model, shape = str(fields.model.value.folder), self._shape()
        job = WarmUpJob(
            model, fields.device.value, fields.config, None if shape is None else shape[1:]
        )
        self._tell(NO_IMAGE if shape is None else "Getting ready ...")
        self._ticket = self._submit(lambda: job, self._on_event)

    def _shape(self) -> tuple[int, int, int] | None:
        """Of the image, where one is chosen that can be segmented."""
        image: Any = self._fields.image.value
        try:
            return None if image is None else stack_shape(image)
        except EmsegError:
            return None

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Failed):
            self._tell(event.message)
            show_failure(event)
        elif isinstance(event, Log):
            self._tell(event.message)
        elif isinstance(event, Finished):
            self._outlook = event.result
            self._say()

    def _say(self, _: object = None) -> None:
        shape = self._shape()
        if self._outlook is None or shape is None:
            return
        try:
            count = len(self._fields.slices_of(shape[0]))
        except EmsegError as error:
            self._tell(str(error))
        else:
            self._tell(sentence(self._outlook, count))


def sentence(outlook: CostEstimate, slices: int) -> str:
    """What so many slices will take, in words."""
    return (
        f"{plural(slices, 'slice')} of {plural(outlook.tiles, 'tile')} will take about "
        f"{duration(outlook.seconds * slices)} and {outlook.bytes_at_once / _MIB:.0f} MiB with "
        f"{outlook.runtime}."
    )
