"""The dock *Segment*: one click, and a slice, a stack or several stacks are segmented."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from magicgui.widgets import Container
from psygnal import Signal

from napari_emseg.engine.jobs import DevicesJob
from napari_emseg.errors import EmsegError
from napari_emseg.model.packages.library import DEFAULT
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log, Progress, SliceDone
from napari_emseg.ui.background.dock_closed import WhenClosed
from napari_emseg.ui.background.garbage import spare_the_window
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.background.library_events import library_events
from napari_emseg.ui.painting.recovery_row import RecoveryOffer
from napari_emseg.ui.prediction.registry import Predictions
from napari_emseg.ui.prediction.request import PredictionSettings
from napari_emseg.ui.segment.buttons import SegmentButtons
from napari_emseg.ui.segment.cost_estimate import NO_IMAGE, CostEstimator
from napari_emseg.ui.segment.fields import SegmentFields
from napari_emseg.ui.segment.queue import Batch
from napari_emseg.ui.viewer.layers import (
    current_slice,
    nearest_first,
    selected_images,
    stack_shape,
    visible_region,
)
from napari_emseg.ui.widgets.doctor_dialog import DoctorDialog
from napari_emseg.ui.widgets.notify import show_error, show_failure, show_warning
from napari_emseg.ui.widgets.progress_row import RunRow

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer
    from napari.layers import Image

    from napari_emseg.core.segment.tiling import Region
    from napari_emseg.engine.jobs import Job
    from napari_emseg.ui.prediction.prediction_layers import Prediction


class SegmentWidget(Container):
    """Segment image layers with a model, in the worker process.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    ended : psygnal.Signal
        Emitted when all that a click asked for has ended, with the last event of the last stack.
    fields : SegmentFields
        What is segmented, by what and how.
    buttons : SegmentButtons
        How much is segmented.
    status : RunRow
        Those buttons, and how far it is.
    recovery : RecoveryOffer
        Painted labels that can be restored.
    doctor : DoctorDialog
        Says what is used of the machine.
    prediction : Prediction or None
        What is, or was last, worked on.
    """

    ended = Signal(object)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._viewer = viewer
        self._runner = job_runner()
        self._predictions = Predictions(viewer, self._runner.scratch)
        self.prediction: Prediction | None = None
        self._filled: list[Prediction] = []
        self._batch: Batch | None = None
        self._ticket: int | None = None
        self._tickets: list[int] = []
        self.fields, self.buttons = SegmentFields(), SegmentButtons()
        self.status = RunRow(self.buttons, "Stop; finished slices are kept.")
        self.status.margins = (0, 0, 0, 0)
        self.recovery = RecoveryOffer(viewer)
        parts = [self.recovery, self.fields.form, self.status]
        super().__init__(widgets=parts, labels=False)
        # at the top of a tall dock, not spread over it
        self.native.layout().addStretch()
        self.doctor = DoctorDialog(self.native, self._submit)
        self._outlook = CostEstimator(
            self.fields, self._submit, self._runner.abandon, self._show_outlook
        )
        self._connect()
        self.status.show_idle(NO_IMAGE)
        self.fields.take_threshold_of_model()
        self._outlook.ask()
        self._submit(DevicesJob, self._on_devices)
        self.recovery.look()
        spare_the_window(viewer, self.native)

    # -- parts -----------------------------------------------------------------------------

    def _connect(self) -> None:
        fields = self.fields
        self.buttons.current.changed.connect(self.segment_current_slice)
        self.buttons.visible_part.changed.connect(self.segment_visible_part)
        self.buttons.whole.changed.connect(self.segment_whole_stack)
        self.buttons.selected.changed.connect(self.segment_selected_layers)
        self.status.stop.changed.connect(self._stop)
        for field in (fields.result, fields.threshold, fields.smallest_cell):
            field.changed.connect(self._apply_fields)
        fields.model.changed.connect(fields.take_threshold_of_model)
        fields.slices.changed.connect(self.buttons.name_whole)
        fields.doctor.changed.connect(self.doctor.look)
        library_events.added.connect(fields.choose_model)
        library_events.chosen.connect(fields.choose_model)
        library_events.segmented.connect(self._adopt)
        WhenClosed(self.native, self._abandon_jobs)

    def reset_choices(self, *_: object) -> None:
        """Offer the layers that there are now; napari calls this."""
        super().reset_choices()
        if self.fields.image.value is None:
            self._show_outlook(NO_IMAGE)

    def _show_outlook(self, text: str) -> None:
        if self._batch is None:
            self.status.say(text)

    def _submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """Give the runner a job that ends with this dock."""
        self._tickets.append(self._runner.submit(make_job, on_event))
        return self._tickets[-1]

    def _abandon_jobs(self) -> None:
        library_events.added.disconnect(self.fields.choose_model, missing_ok=True)
        library_events.chosen.disconnect(self.fields.choose_model, missing_ok=True)
        library_events.segmented.disconnect(self._adopt, missing_ok=True)
        for ticket in self._tickets:
            self._runner.abandon(ticket)
        if self._batch is not None:
            self._batch.stop()
            self._batch = None
        self._predictions.stop()
        self.recovery.stop()

    def _on_devices(self, event: Event) -> None:
        if isinstance(event, Finished):
            self.fields.offer_devices(event.result)

    # -- actions ---------------------------------------------------------------------------

    def segment_current_slice(self) -> None:
        """Segment the slice that the viewer shows."""
        self._segment_chosen(lambda image: [current_slice(self._viewer, image)])

    def segment_visible_part(self) -> None:
        """Segment what the canvas shows of the current slice."""
        image = self.fields.image.value
        try:
            region = None if image is None else visible_region(self._viewer, image)
        except EmsegError as error:
            self._refuse(str(error))
        else:
            self._segment_chosen(lambda image: [current_slice(self._viewer, image)], region)

    def segment_whole_stack(self) -> None:
        """Segment all slices that are wanted, beginning at the one that the viewer shows."""

        def wanted(image: Image) -> list[int]:
            slices = self.fields.slices_of(stack_shape(image)[0])
            return nearest_first(self._viewer, image, slices)

        self._segment_chosen(wanted)

    def segment_selected_layers(self) -> None:
        """Segment all slices of every image that is selected in the layer list."""
        images = selected_images(self._viewer)
        if not images:
            self._refuse(
                "Selected layers: expected at least one image, received none; click on images in "
                "the layer list, with Ctrl on several."
            )
            return
        self._begin(
            images,
            lambda image: nearest_first(self._viewer, image, range(stack_shape(image)[0])),
        )

    def _segment_chosen(
        self, slices_of: Callable[[Image], list[int]], region: Region | None = None
    ) -> None:
        if self.fields.image.value is None:
            self._refuse("Image: open or choose an image layer first.")
        else:
            self._begin([self.fields.image.value], slices_of, region)

    def _begin(
        self,
        images: list[Image],
        slices_of: Callable[[Image], list[int]],
        region: Region | None = None,
    ) -> None:
        fields = self.fields
        if fields.model.value is None:
            self._refuse(f"Model: none is installed; the model {DEFAULT!r} ships in the wheel.")
            return
        means = PredictionSettings(fields.model.value, fields.device.value, fields.config, region)
        self._batch, self._filled = Batch(images, slices_of, means), []
        self._go_on(self._batch)

    def _refuse(self, message: str) -> None:
        self.status.show_idle(message)
        show_error(message)

    def _go_on(self, batch: Batch) -> None:
        """Begin with the next stack that can be segmented; where there is none, it has ended."""
        while (image := batch.next()) is not None:
            try:
                self._segment(batch, image)
            except EmsegError as error:
                batch.note(Failed(str(error)))
                show_error(str(error))
            else:
                return
        self._show_end(batch)
        self.ended.emit(batch.outcome)

    def _segment(self, batch: Batch, image: Image) -> None:
        if image not in self._viewer.layers:
            raise EmsegError(f"image: {image.name!r} was removed before its turn")
        stack_shape(image)
        slices, means = batch.slices_of(image), batch.means
        prediction = self._prediction_to_fill(image, means)

        self._ticket = self._submit(partial(prediction.job, slices, means), self._on_event)
        self.status.show_running(f"{batch.place}Reading the slices ...")
        prediction.show()

    def _prediction_to_fill(self, image: Image, means: PredictionSettings) -> Prediction:
        self.prediction = self._predictions.of(image, means.package)
        self._filled.append(self.prediction)
        self.prediction.apply(*self.fields.rules)
        return self.prediction

    def _stop(self) -> None:
        if self._batch is not None:
            self._batch.stop()
            self._stop_this_stack()

    def _stop_this_stack(self) -> None:
        self.status.show_stopping()
        if self._ticket is not None:
            self._runner.cancel(self._ticket)

    def _apply_fields(self) -> None:
        shown = [each for each in self._filled if each.done and each in self._predictions]
        applied = [each.apply(*self.fields.rules) for each in shown]
        if not all(applied):
            self.status.say(
                "A result was edited by hand, so the fields leave it alone; segment again to get "
                "a new one."
            )

    def _adopt(self, prediction: Prediction) -> None:
        """Another dock has segmented: the fields apply to what it shows, and slices are added."""
        if self._batch is None and prediction not in self._filled:
            self._predictions.adopt(prediction)
            self.prediction, self._filled = prediction, [prediction]

    # -- what the worker says --------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        assert self._batch is not None
        match event:
            case Log(message):
                self.status.say(f"{self._batch.place}{message}")
            case SliceDone(z):
                self._accept(z)
            case Progress():
                self.status.show_progress(event, self._batch.place)
            case Finished() | Cancelled() | Failed():
                self._end(self._batch, event)

    def _end(self, batch: Batch, event: Finished | Cancelled | Failed) -> None:
        assert self.prediction is not None
        self._ticket = None
        batch.note(event)
        if isinstance(event, Failed):
            show_failure(event)
        if batch.over:  # what is said has the window drawn anew, which the masks must not wait for
            self.prediction.when_shown(partial(self._show_end, batch))
        self.prediction.finish(then=partial(self._go_on, batch))

    def _accept(self, z: int) -> None:
        assert self.prediction is not None
        if self.prediction.serves(self.prediction.image, self.prediction.model):
            self.prediction.accept(z)
        elif self.status.stop.enabled:
            show_warning("A result layer was removed or edited, so the segmentation stops.")
            self._stop_this_stack()

    def _show_end(self, batch: Batch) -> None:
        """Say how it ended, once, and before another click."""
        if batch is self._batch:
            self._batch = None
            self.status.show_idle(batch.summary())
            if self._filled and self._filled[-1].done:
                library_events.segmented.emit(self._filled[-1])
