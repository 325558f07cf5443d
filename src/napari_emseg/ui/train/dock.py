"""The dock *Train*: from labelled layers to a model, watching it happen."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from magicgui.widgets import PushButton
from psygnal import Signal
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.engine.train.interrupted_run import TrainRun
from napari_emseg.engine.train.request import TrainingData, TrainRequest
from napari_emseg.errors import EmsegError
from napari_emseg.session.workspace import library_events
from napari_emseg.types import Event, Failed, Preview
from napari_emseg.ui.background.dock_closed import WhenClosed
from napari_emseg.ui.background.garbage import spare_the_window
from napari_emseg.ui.background.idle_queue import IdleQueue
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.background.latest import Latest
from napari_emseg.ui.background.timers import later
from napari_emseg.ui.train.curve_plots import Curves
from napari_emseg.ui.train.data_form import DataChooser
from napari_emseg.ui.train.preview_layer import TrainingPreview
from napari_emseg.ui.train.resume_row import ResumeOffer
from napari_emseg.ui.train.role_strip import Legend, SliceStrip
from napari_emseg.ui.train.session import TrainSession
from napari_emseg.ui.train.state import Phase, TrainState
from napari_emseg.ui.viewer.workspace import workspace_of
from napari_emseg.ui.widgets.close_guard import AskBeforeClosing, ask
from napari_emseg.ui.widgets.forms import wrapped_label
from napari_emseg.ui.widgets.notify import show_error, show_failure
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.remembered_fields import remember
from napari_emseg.ui.widgets.scroll_page import Page

if TYPE_CHECKING:
    import napari.viewer

    from napari_emseg.core.train.label_summary import LabelSummary
    from napari_emseg.ui.painting.recovery_row import RecoveryOffer
    from napari_emseg.ui.train.augmentation_form import AugmentationPanel
    from napari_emseg.ui.train.augmentation_preview import AugmentationPreview
    from napari_emseg.ui.train.model_form import ModelForm
    from napari_emseg.ui.train.time_estimate import Plan, TimeEstimate

_TOP_PX = 6
"""Between the dock's title and the tabs, of which napari's theme would cut off the upper edge."""

_CALM_MS = 300
"""How long data must stay as they are before they are looked through."""

_CLOSING = {
    "dock": ("Close the dock and stop the training?", "The best model so far is kept.", "Stop"),
    "napari": (
        "Close napari and interrupt the training?",
        "It can go on, after its last finished epoch, when the dock Train is opened again.",
        "Close napari",
    ),
}


class TrainWidget(QWidget):
    """Train a network on painted labels, in the worker process.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    ended : psygnal.Signal
        Emitted with the last event of every training.
    state : TrainState
        How the training stands.
    """

    ended = Signal(object)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self.state = TrainState()
        self._runner = job_runner()
        self.session = TrainSession(self._runner, self.state, self._on_end)
        self._surveying = Latest(self)
        self._survey_soon = later(self, self._summarise_labels)
        self._found: TrainingData | None = None
        self._is_closed = False
        self._make_parts()
        self._lay_out()
        self._connect()
        self._survey_soon.start(0)
        self.offer.look()
        spare_the_window(viewer, self)

    # -- parts -----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.data = DataChooser()
        self.strip, self.legend = SliceStrip(), Legend()
        self._turns = IdleQueue(self)
        self.curves = Curves(self._viewer.theme, self._turns)
        self.offer = ResumeOffer()
        self.run = RunRow(
            PushButton(
                text="Train", tooltip="Train on a copy of the data; painting goes on meanwhile."
            ),
            "Stop; the best model so far is kept. Twice: at once.",
        )
        self.preview = TrainingPreview(self._viewer, self._turns)
        self.preview_note = wrapped_label("")

    # What does not show at once is made in turns of its own, or when it is asked for: with all of
    # it, opening the dock would be felt.

    @cached_property
    def recovery(self) -> RecoveryOffer:
        """Painted labels that can be restored."""
        from napari_emseg.ui.painting.recovery_row import RecoveryOffer

        offer = RecoveryOffer(self._viewer)
        self._layout.insertWidget(0, offer.native)
        offer.look()
        return offer

    @cached_property
    def augmentation(self) -> AugmentationPanel:
        """All transforms, and the buttons of the preview."""
        from napari_emseg.ui.train.augmentation_form import AugmentationPanel

        panel = AugmentationPanel()
        self._pages["Augmentation"].add(panel)
        return panel

    @cached_property
    def patches(self) -> AugmentationPreview:
        """The preview of that."""
        from napari_emseg.ui.train.augmentation_layers import AugmentationLayers
        from napari_emseg.ui.train.augmentation_preview import AugmentationPreview

        layers = AugmentationLayers(self._viewer)
        return AugmentationPreview(
            self.augmentation, layers, self._request, lambda: self.data.image_layer
        )

    @cached_property
    def step_time(self) -> TimeEstimate:
        """How long a training takes here."""
        from napari_emseg.ui.train.time_estimate import TimeEstimate

        return TimeEstimate(self._runner)

    @cached_property
    def model(self) -> ModelForm:
        """Which model a training makes."""
        from napari_emseg.ui.train.model_form import ModelForm

        form = ModelForm(self.step_time.native)
        remember(form.lasting, "train")
        form.changed.connect(self._respread)
        self._pages["Model"].add(form)
        return form

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self._pages = {
            "Data": Page(self.data, self.strip, self.legend),
            "Augmentation": Page(),
            "Model": Page(),
            "Curves": Page(self.curves, self.preview_note.native),
        }
        for name, page in self._pages.items():
            self.tabs.addTab(page, name)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, _TOP_PX, 0, 0)
        self._layout.addWidget(self.offer.native)
        self._layout.addWidget(self.tabs, stretch=1)
        self._layout.addWidget(self.run.native)
        self._turns.want("Restore", lambda: self.recovery)
        self._turns.want("Augmentation", lambda: self.patches)

    def _connect(self) -> None:
        self.data.chosen.connect(self._look_again)
        self.strip.changed.connect(self._show_roles)
        self.run.start.changed.connect(self.train)
        self.run.stop.changed.connect(self.session.stop)
        self.offer.accepted.connect(self._resume)
        for event in (self.state.events.message, self.state.events.phase, self.state.events.done):
            event.connect(self._show_state)
        self.state.events.history.connect(self.curves.show_history)
        self.state.events.preview.connect(self._show_preview)
        self._viewer.events.theme.connect(self._show_theme)
        self._closing = AskBeforeClosing(self, lambda: self.state.is_busy, self._may_close)
        WhenClosed(self, self._close)

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now; napari calls this."""
        self.data.reset_choices()

    # -- data ------------------------------------------------------------------------------

    def _look_again(self) -> None:
        """Other data are chosen, or painted on."""
        self._found = None
        self._survey_soon.start(_CALM_MS)

    def _summarise_labels(self) -> None:
        """Look through the labels, in a thread."""
        try:
            read, classes = self.data.reader(), self.model.classes
        except EmsegError as error:
            self._show_problem(str(error))
            return

        def look() -> tuple[TrainingData, LabelSummary]:
            data = read()
            return data, data.summary(classes)

        self._surveying.want(look, lambda found: self._take(*found), self._show_problem)

    def _take(self, data: TrainingData, summary: LabelSummary) -> None:
        self._found = data
        self.data.show_summary(data, summary)
        self.model.suggest_name(data.images.name)
        self._show_roles(self.strip.roles.kept_for(summary.labelled, self._fraction), summary.total)

    def _show_problem(self, message: str) -> None:
        self.data.show_problem(message)
        self._show_roles(SliceSplit(), 0)

    def _show_roles(self, roles: SliceSplit, total: int | None = None) -> None:
        self.strip.show_roles(roles, self.strip.total if total is None else total)
        self.legend.show_roles(roles)
        self.patches.forget()
        self.step_time.show_plan(self._plan())

    def _plan(self) -> Plan | None:
        """What decides over the time, as far as it is known."""
        roles, found = self.strip.roles, self._found
        try:
            recipe = self.model.recipe(AugmentConfig())
        except EmsegError:
            return None
        if not roles.train or found is None:
            return None
        from napari_emseg.ui.train.time_estimate import Plan

        return Plan(recipe, self.model.device.value, found.images.shape[1:], len(roles.train))

    def _respread(self) -> None:
        """The fraction to validate on may have changed."""
        roles = self.strip.roles
        self._show_roles(roles.kept_for(roles.labelled, self._fraction))

    @property
    def _fraction(self) -> float:
        return float(self.model.train["val_fraction"].value)

    # -- training --------------------------------------------------------------------------

    def train(self) -> None:
        """Begin to train on what is chosen."""
        try:
            request = replace(self._request(), name=self.model.require_name())
        except EmsegError as error:
            self.state.refuse(str(error))
            show_error(str(error))
            return
        self.preview.begin(self.data.image_layer)
        self._look_forward()
        self.session.start(request)

    def _request(self) -> TrainRequest:
        package = self.model.start_from
        return TrainRequest(
            name="preview",
            data=self.data.reader()() if self._found is None else self._found,
            meaning=self.data.meaning.value,
            roles=self.strip.roles,
            recipe=self.model.recipe(self.augmentation.settings.config()),
            start_from=None if package is None else str(package.folder),
            device=self.model.device.value,
            terms=self.model.terms_config(),
        )

    def _resume(self, run: TrainRun) -> None:
        self.preview.begin(None)
        self._look_forward()
        self.session.resume(run)

    def _look_forward(self) -> None:
        """Make way for a training, and show where its curves will be."""
        self.step_time.stop()
        self.curves.expect_rows()
        self.tabs.setCurrentIndex(self.tabs.count() - 1)

    def _on_end(self, event: Event) -> None:
        if isinstance(event, Failed):
            show_failure(event)
        if self.state.result is not None:
            library_events.added.emit(self.state.result.package)
            workspace_of(self._viewer).chosen.emit(self.state.result.package)
            self.model.list_models()
        self.offer.look()
        self.ended.emit(event)

    # -- what the person sees --------------------------------------------------------------

    def _show_state(self) -> None:
        state = self.state
        if state.is_busy:
            known = state.phase is Phase.TRAINING
            self.run.show_running(state.message, state.done if known else None)
        else:
            self.run.show_idle(state.message)

    def _show_preview(self, preview: Preview | None) -> None:
        self.preview_note.value = ""
        if preview is not None:
            self.preview.show(preview)
            self.preview_note.value = f"The layer Training preview shows slice {preview.z}."

    def _show_theme(self) -> None:
        self.curves.show_theme(self._viewer.theme)

    # -- the end ---------------------------------------------------------------------------

    def _may_close(self, what: str) -> bool:
        return ask(self, *_CLOSING[what])

    def _close(self) -> None:
        """Let a training write its best model; nothing of this dock hears of it any more."""
        if self._is_closed:
            return
        self._is_closed = True
        self._viewer.events.theme.disconnect(self._show_theme)
        self.state.events.disconnect()
        self.data.unwatch()
        self._surveying.stop()
        self.patches.stop()
        self.step_time.stop()
        self.session.stop()
        self.recovery.stop()
        self._turns.cancel()
