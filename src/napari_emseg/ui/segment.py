"""The dock *Segment*: one click, and the current slice or the whole stack is segmented."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox, Container, Label, ProgressBar, PushButton, create_widget
from napari.layers import Image
from psygnal import Signal
from qtpy.QtWidgets import QSizePolicy

from napari_emseg.core.config import MaskConfig, PredictConfig
from napari_emseg.engine.jobs import DevicesJob, PredictJob, PredictResult, WarmUpJob
from napari_emseg.errors import EmsegError
from napari_emseg.model.library import DEFAULT, list_models
from napari_emseg.model.package import ModelPackage
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log, Progress, SliceDone
from napari_emseg.ui.collector import spare_the_window
from napari_emseg.ui.forms import field_for, form_of
from napari_emseg.ui.jobs import job_runner
from napari_emseg.ui.layers import current_slice, stack_shape
from napari_emseg.ui.library_events import library_events
from napari_emseg.ui.lifetime import WhenClosed
from napari_emseg.ui.notify import show_error, show_failure, show_warning
from napari_emseg.ui.prediction import Prediction

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer

    from napari_emseg.engine.jobs import Job

_RESULTS = {"mask": ("mask",), "cells": ("cells",), "mask and cells": ("mask", "cells")}
"""What a person may choose to see, and the layers that show it."""

_STEPS = 1000
"""Resolution of the progress bar."""


class SegmentWidget(Container):
    """Segment an image layer with a model, in the worker process.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    ended : psygnal.Signal
        Emitted with the last event of every segmentation.
    prediction : Prediction or None
        What the last click worked on.
    """

    ended = Signal(object)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        self._viewer = viewer
        self._runner = job_runner()
        self._predictions: list[Prediction] = []
        self.prediction: Prediction | None = None
        self._ticket: int | None = None
        self._tickets: list[int] = []
        self._make_fields()
        self._make_actions()
        form = form_of([
            self.image, self.model, self.device,
            self.result, self.threshold, self.smallest_cell, self.tta, self.exact,
        ])  # fmt: skip
        super().__init__(
            widgets=[form, self._buttons, self.progress, self.stop, self.status], labels=False
        )
        # at the top of a tall dock, not spread over it
        self.native.layout().addStretch()
        self._connect()
        self._show_idle("Choose an image and press a button.")
        self._choose_threshold_of_model()
        self._warm_up()
        spare_the_window(viewer)

    # -- parts -----------------------------------------------------------------------------

    def _make_fields(self) -> None:
        self.image = create_widget(
            annotation=Image,
            name="image",
            label="Image",
            options={"tooltip": "The stack, or single slice, to segment."},
        )
        self.model = ComboBox(
            name="model",
            label="Model",
            choices=self._model_choices,
            tooltip="The network that segments: the one that ships, or one of yours.",
        )
        self.device = ComboBox(
            name="device",
            label="Device",
            choices=["auto", "cpu"],
            value="auto",
            tooltip="Where the network runs; auto takes a GPU where there is one.",
        )
        self.result = ComboBox(
            name="result",
            label="Result",
            choices=list(_RESULTS),
            tooltip="mask: cell or membrane. cells: every cell has an id and a colour of its own, "
            "and keeps them from slice to slice.",
        )
        self.threshold = field_for(MaskConfig, "threshold", step=0.01)
        self.smallest_cell = field_for(MaskConfig, "smallest_cell_px")
        self.tta = field_for(PredictConfig, "tta", label="Average over all orientations")
        self.exact = field_for(PredictConfig, "exact", label="Exact, in single precision")

    def _make_actions(self) -> None:
        self.current = PushButton(
            text="Current slice", tooltip="Segment the slice that the viewer shows."
        )
        self.whole = PushButton(
            text="Whole stack",
            tooltip="Segment all slices, those next to the current one first.",
        )
        self._buttons = Container(
            widgets=[self.current, self.whole], layout="horizontal", labels=False
        )
        self._buttons.margins = (0, 0, 0, 0)
        self.progress = ProgressBar(name="progress", min=0, max=_STEPS, value=0)
        self.stop = PushButton(name="stop", text="Stop", tooltip="Stop; finished slices are kept.")
        self.status = Label(name="status", value="")
        self.status.native.setWordWrap(True)
        self.status.native.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def _connect(self) -> None:
        self.current.changed.connect(self.segment_current_slice)
        self.whole.changed.connect(self.segment_whole_stack)
        self.stop.changed.connect(self._stop)
        for field in (self.result, self.threshold, self.smallest_cell):
            field.changed.connect(self._apply_fields)
        self.model.changed.connect(self._choose_threshold_of_model)
        library_events.added.connect(self._choose_model)
        WhenClosed(self.native, self._abandon_jobs)

    def _model_choices(self, _: object = None) -> list[tuple[str, ModelPackage]]:
        return [(package.folder.name, package) for package in list_models()]

    def _choose_model(self, folder: Path) -> None:
        """Offer a model that was just trained, and choose it."""
        self.model.reset_choices()
        for package in self.model.choices:
            if package.folder == folder:
                self.model.value = package

    def _warm_up(self) -> None:
        """Have the worker load its libraries while the person still looks around."""
        if self.model.value is not None:
            job = WarmUpJob(
                str(self.model.value.folder), self.device.value, self._config, self._slice_shape()
            )
            self._submit(lambda: job, self._on_warm_up)
        self._submit(DevicesJob, self._on_devices)

    @property
    def _config(self) -> PredictConfig:
        return PredictConfig(tta=self.tta.value, exact=self.exact.value)

    def _slice_shape(self) -> tuple[int, int] | None:
        """Shape (Y, X) of the slices to come, where an image is chosen that can be segmented."""
        try:
            return None if self.image.value is None else stack_shape(self.image.value)[1:]
        except EmsegError:
            return None

    def _submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> int:
        """Give the runner a job that ends with this dock."""
        self._tickets.append(self._runner.submit(make_job, on_event))
        return self._tickets[-1]

    def _abandon_jobs(self) -> None:
        library_events.added.disconnect(self._choose_model, missing_ok=True)
        for ticket in self._tickets:
            self._runner.abandon(ticket)
        for prediction in self._predictions:
            prediction.stop()

    def _on_warm_up(self, event: Event) -> None:
        if isinstance(event, Failed):
            show_failure(event)

    def _on_devices(self, event: Event) -> None:
        if isinstance(event, Finished):
            chosen = self.device.value
            self.device.choices = ["auto", "cpu", *(d for d in event.result if d != "cpu:0")]
            self.device.value = chosen

    # -- actions ---------------------------------------------------------------------------

    def segment_current_slice(self) -> None:
        """Segment the slice that the viewer shows."""
        self._segment(everything=False)

    def segment_whole_stack(self) -> None:
        """Segment all slices, beginning at the one that the viewer shows."""
        self._segment(everything=True)

    def _segment(self, *, everything: bool) -> None:
        try:
            prediction = self._prediction_to_fill()
            here = current_slice(self._viewer, prediction.image)
        except EmsegError as error:
            self.status.value = str(error)
            show_error(str(error))
            return
        count = len(prediction.probability)
        slices = sorted(range(count), key=lambda z: abs(z - here)) if everything else [here]
        device, config = self.device.value, self._config

        def make_job() -> PredictJob:
            prediction.copy_slices(slices)
            return PredictJob(
                prediction.source_path, prediction.out_path, prediction.model, tuple(slices),
                device, config,
            )  # fmt: skip

        self._show_busy("Reading the slices ...")
        self._ticket = self._submit(make_job, self._on_event)
        prediction.show()

    def _prediction_to_fill(self) -> Prediction:
        image, package = self.image.value, self.model.value
        if image is None:
            raise EmsegError("Image: open or choose an image layer first.")
        if package is None:
            raise EmsegError(f"Model: none is installed; the model {DEFAULT!r} ships in the wheel.")
        stack_shape(image)
        model = str(package.folder)
        self._release_ended()
        serving = [p for p in self._predictions if p.serves(image, model)]
        if not serving:
            serving = [Prediction(self._viewer, image, package, self._runner.scratch)]
            self._predictions += serving
        self.prediction = serving[0]
        self.prediction.apply(*self._rules())
        return self.prediction

    def _release_ended(self) -> None:
        """Let go of predictions whose layers are edited or removed."""
        ended = [p for p in self._predictions if not p.serves(p.image, p.model)]
        for prediction in ended:
            prediction.release()
            self._predictions.remove(prediction)

    def _stop(self) -> None:
        if self._ticket is not None:
            self.status.value = "Stopping ..."
            self.stop.enabled = False
            self._runner.cancel(self._ticket)

    def _rules(self) -> tuple[tuple[str, ...], MaskConfig]:
        """What is to be shown, and how it is made."""
        config = MaskConfig(self.threshold.value, self.smallest_cell.value)
        return _RESULTS[self.result.value], config

    def _apply_fields(self) -> None:
        shown = self.prediction
        if shown is not None and shown.done and not shown.apply(*self._rules()):
            self.status.value = (
                "A result was edited by hand, so the fields leave it alone; segment again to get "
                "a new one."
            )

    def _choose_threshold_of_model(self) -> None:
        if self.model.value is not None:
            with self.threshold.changed.blocked():  # what is shown came from another model
                self.threshold.value = self.model.value.info.threshold

    # -- what the worker says --------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        match event:
            case Log(message):
                self.status.value = message
            case SliceDone(z):
                self._accept(z)
            case Progress():
                self._show_progress(event)
            case Finished(PredictResult() as result):
                self._show_idle(_summary(result))
            case Cancelled(message):
                self._show_idle(message)
            case Failed():
                self._show_idle(event.message)
                show_failure(event)
        if isinstance(event, Finished | Cancelled | Failed):
            assert self.prediction is not None
            self.prediction.finish(then=lambda: self.ended.emit(event))

    def _accept(self, z: int) -> None:
        assert self.prediction is not None
        if self.prediction.serves(self.prediction.image, self.prediction.model):
            self.prediction.accept(z)
        elif self.stop.enabled:
            show_warning("A result layer was removed or edited, so the segmentation stops.")
            self._stop()

    # -- what the person sees --------------------------------------------------------------

    def _show_progress(self, event: Progress) -> None:
        self.progress.max = _STEPS
        self.progress.value = round(_STEPS * event.done / event.total)
        left = "" if event.seconds_left is None else f", {_duration(event.seconds_left)} left"
        self.status.value = f"{event.done:.0f} of {event.total:.0f} {event.unit}{left}"

    def _show_busy(self, message: str) -> None:
        self._set_running(True)
        self.progress.max = 0  # moves to and fro until the first slice is done
        self.status.value = message

    def _show_idle(self, message: str) -> None:
        self._ticket = None
        self._set_running(False)
        self.progress.max = _STEPS
        self.progress.value = 0
        self.status.value = message

    def _set_running(self, running: bool) -> None:
        for button in (self.current, self.whole):
            button.enabled = not running
        self.stop.enabled = running
        self.progress.visible = running


def _summary(result: PredictResult) -> str:
    slices = "1 slice" if result.slices == 1 else f"{result.slices} slices"
    return f"{slices} in {_duration(result.seconds)} with {result.device}."


def _duration(seconds: float) -> str:
    """A time as a person reads it, such as ``1 min 05 s``."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
