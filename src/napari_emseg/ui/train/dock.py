"""The dock *Train*: from labelled layers to a model, watching it happen."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from psygnal import Signal
from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.session.train.form import TrainSettings
from napari_emseg.session.train.session import Phase
from napari_emseg.session.train.setup import TrainSetup
from napari_emseg.session.workspace import library_events
from napari_emseg.types import Event, Failed, Preview
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.background.garbage import spare_the_window
from napari_emseg.ui.background.idle_queue import IdleQueue
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.docking.close_guard import AskBeforeClosing, ask
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.docking.dock_tabs import TabWithOthers
from napari_emseg.ui.docking.focus_ring import FocusRing
from napari_emseg.ui.docking.tab_order import tab_from_top
from napari_emseg.ui.help.help_button import help_button
from napari_emseg.ui.train.curve_plots import Curves
from napari_emseg.ui.train.data_form import DataForm
from napari_emseg.ui.train.more_stacks import MoreStacksPart
from napari_emseg.ui.train.preview_layer import TrainingPreview
from napari_emseg.ui.train.resume_row import ResumeRow
from napari_emseg.ui.train.split_strip import SplitLegend, SplitStrip
from napari_emseg.ui.viewer.go_to import go_to_slice
from napari_emseg.ui.viewer.slice_in_view import SliceFollower, slice_in_view
from napari_emseg.ui.viewer.workspace import workspace_of
from napari_emseg.ui.widgets.forms import form_of, row_of, wrapped_label
from napari_emseg.ui.widgets.notify import show_failure
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.remembered_fields import remember
from napari_emseg.ui.widgets.scroll_page import SIDE_PX, TOP_PX, Page

if TYPE_CHECKING:
    import napari.viewer

    from napari_emseg.ui.painting.recovery_row import RecoveryOffer
    from napari_emseg.ui.train.augmentation_form import AugmentationPanel
    from napari_emseg.ui.train.augmentation_preview import AugmentationPreview
    from napari_emseg.ui.train.model_form import ModelForm

_CLOSING = {
    "dock": (
        "Close the dock and stop the training?",
        "The best model so far is kept.",
        "Stop",
        "Go on training",
    ),
    "napari": (
        "Close napari and interrupt the training?",
        "It can go on, after its last finished epoch, when the dock Train is opened again.",
        "Close napari",
        "Go on training",
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
    setup : TrainSetup
        What this dock draws: what is chosen for the next training.
    session : TrainSession
        Likewise: how the training stands.
    """

    ended = Signal(object)

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._is_closed = False
        self.setup = TrainSetup(QtExecutor(self), job_runner(), _FilledIn(self))
        self.session = self.setup.training
        self._make_parts()
        self._lay_out()
        self._connect()
        self.setup.open()
        spare_the_window(viewer, self)

    @property
    def project_fields(self) -> dict[str, Any]:
        """What a project brings back."""
        data, model = self.data, self.model
        return {
            "source": data.source, "image": data.image, "labels": data.labels,
            "reviewed": data.reviewed, "meaning": data.meaning, "name": model.name,
            "start": model.start, "preset": model.preset, **model.settings,
        }  # fmt: skip

    # -- parts -----------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.data = DataForm(self._viewer)
        self.strip, self.legend = SplitStrip(), SplitLegend()
        self.more = MoreStacksPart(self.setup)
        self._turns = IdleQueue(self)
        self.curves = Curves(self._viewer.theme, self._turns)
        self.offer = ResumeRow(self.setup)
        self.run = RunRow(
            PushButton(
                text="Train", tooltip="Train on a copy of the data; painting goes on meanwhile."
            ),
            "Stop; the best model so far is kept. Twice: at once.",
            "Train",
        )
        self.preview = TrainingPreview(self._viewer, self._turns)
        self.preview_note = wrapped_label("")
        self.go = PushButton(text="Go there", tooltip="Show that slice.", visible=False)

    # What does not show at once is made in turns of its own, or when it is asked for: with all of
    # it, opening the dock would be felt.

    @cached_property
    def recovery(self) -> RecoveryOffer:
        """Painted labels that can be restored."""
        from napari_emseg.ui.painting.recovery_row import RecoveryOffer

        offer = RecoveryOffer(self._viewer)
        self._layout.insertWidget(0, offer.native)
        offer.look()
        tab_from_top(self)
        return offer

    @cached_property
    def augmentation(self) -> AugmentationPanel:
        """All transforms, and the buttons of the preview."""
        from napari_emseg.ui.train.augmentation_form import AugmentationPanel

        panel = AugmentationPanel()
        self._pages["Augmentation"].add(panel)
        tab_from_top(self)
        return panel

    @cached_property
    def patches(self) -> AugmentationPreview:
        """The preview of that."""
        from napari_emseg.ui.train.augmentation_layers import AugmentationLayers
        from napari_emseg.ui.train.augmentation_preview import AugmentationPreview

        layers = AugmentationLayers(self._viewer)
        return AugmentationPreview(
            self.augmentation, layers, self.setup, lambda: self.data.image_layer
        )

    @cached_property
    def model(self) -> ModelForm:
        """Which model a training makes."""
        from napari_emseg.ui.train.model_form import ModelForm
        from napari_emseg.ui.train.time_estimate import TimeEstimateRow

        doctor = help_button(self._viewer, "Doctor")
        form = ModelForm(TimeEstimateRow(self.setup.estimate).native, doctor)
        remember(form.lasting, "train")
        form.changed.connect(self.setup.change_settings)
        form.name.changed.connect(self.setup.give_name)
        self.setup.events.name.connect(form.show_name)
        self.setup.events.class_names.connect(form.suggest_classes)
        library_events.added.connect(form.list_models)
        library_events.changed.connect(form.list_models)
        self._pages["Model"].add(form)
        minutes = form_of([form.minutes])
        minutes.margins = (SIDE_PX, 0, SIDE_PX, 0)
        self._layout.insertWidget(self._layout.count() - 1, minutes.native)
        tab_from_top(self)
        return form

    def _lay_out(self) -> None:
        self.tabs = QTabWidget()
        self._pages = {
            "Data": Page(self.data, self.strip, self.legend, self.more),
            "Augmentation": Page(),
            "Model": Page(),
            "Curves": Page(self.curves, row_of(self.preview_note, self.go).native),
        }
        for name, page in self._pages.items():
            self.tabs.addTab(page, name)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, TOP_PX, 0, 0)
        self._layout.addWidget(self.offer.native)
        self._layout.addWidget(self.tabs, stretch=1)
        self._layout.addWidget(self.run.native)
        self._turns.want("Restore", lambda: self.recovery)
        self._turns.want("Model", lambda: self.model)
        self._turns.want("Augmentation", lambda: self.patches)

    def _connect(self) -> None:
        setup, data = self.setup, self.data
        data.chosen.connect(setup.choose_data)
        data.edited.connect(setup.change_data)
        data.meant.connect(setup.choose_meaning)
        self.strip.changed.connect(setup.choose_split)
        self.strip.wanted.connect(self._go_to_slice)
        self._seen = SliceFollower(self._viewer, self._show_here)
        self.run.start.changed.connect(setup.train)
        self.go.changed.connect(self._go_to_preview)
        self.run.stop.changed.connect(self.session.stop)
        setup.events.about.connect(data.show_about)
        setup.events.taken_for.connect(data.show_taken_for)
        for event in (setup.events.meaning, setup.events.is_guessed):
            event.connect(self._show_meaning)
        for event in (setup.events.split, setup.events.total):
            event.connect(self._show_split)
        self._connect_training()
        self._viewer.events.theme.connect(self._show_theme)
        self._closing = AskBeforeClosing(self, lambda: self.session.is_busy, self._may_close)
        TabWithOthers(self)
        FocusRing(self)
        WhenClosed(self, self._close)

    def _connect_training(self) -> None:
        session = self.session
        for event in (session.events.message, session.events.phase, session.events.done):
            event.connect(self._show_state)
        session.events.phase.connect(self._look_forward)
        session.events.history.connect(self.curves.show_history)
        session.events.preview.connect(self._show_preview)
        session.ended.connect(_show_failed)
        session.ended.connect(self._choose_model)
        session.ended.connect(self.ended.emit)

    def reset_choices(self, _: object = None) -> None:
        """Offer the layers that there are now; napari calls this."""
        self.data.reset_choices()

    def _choose_model(self, _: Event) -> None:
        """What was trained is the present model of this viewer from now on."""
        if self.session.result is not None:
            workspace_of(self._viewer).chosen.emit(self.session.result.package)

    # -- what the person sees --------------------------------------------------------------

    def _show_meaning(self) -> None:
        self.data.show_meaning(self.setup.meaning, is_guessed=self.setup.is_guessed)

    def _show_split(self) -> None:
        self.strip.show_split(self.setup.split, self.setup.total)
        self.legend.show_split(self.setup.split)
        self._show_here()

    def _show_state(self) -> None:
        session = self.session
        if session.is_busy:
            known = session.phase is Phase.TRAINING
            self.run.show_running(session.message, session.done if known else None)
        else:
            self.run.show_idle(session.message)  # V_rand is explained beside its curve

    def _look_forward(self, phase: Phase) -> None:
        """Show where the curves of a training will be, once it is certain that it begins."""
        if phase is Phase.PREPARING:
            self.preview.begin(None if self.session.is_resumed else self.data.image_layer)
            self.curves.expect_rows()
            self.tabs.setCurrentIndex(self.tabs.count() - 1)

    def _show_preview(self, preview: Preview | None) -> None:
        self.preview_note.value = ""
        self.go.visible = preview is not None and self.preview.has_place
        if preview is not None:
            self.preview.show(preview)
            self.preview_note.value = f"Training preview: slice {preview.z}."

    def _go_to_slice(self, z: int) -> None:
        image = self.data.image_layer
        if image is not None and image in self._viewer.layers:
            go_to_slice(self._viewer, image, z)

    def _show_here(self) -> None:
        self.strip.show_here(slice_in_view(self._viewer, self.data.image_layer))

    def _go_to_preview(self) -> None:
        if self.session.preview is not None:
            self.preview.go_to(self.session.preview)

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
        self._seen.stop()
        built = vars(self)  # pages that nobody has seen may not be there yet
        if "model" in built:
            library_events.added.disconnect(self.model.list_models, missing_ok=True)
            library_events.changed.disconnect(self.model.list_models, missing_ok=True)
        self.data.unwatch()
        self.data.stack.stop()
        if "patches" in built:
            self.patches.stop()
        self.setup.close()
        self.run.end()
        if "recovery" in built:
            self.recovery.stop()
        self._turns.cancel()


class _FilledIn:
    """The forms of a dock, as its session reads them; see `TrainForm`."""

    def __init__(self, dock: TrainWidget) -> None:
        self._dock = dock

    @property
    def classes(self) -> int:
        return self._dock.model.classes

    @property
    def val_fraction(self) -> float:
        return float(self._dock.model.train["val_fraction"].value)

    def reader(self) -> Callable[[], TrainingData]:
        return self._dock.data.reader()

    def settings(self) -> TrainSettings:
        model = self._dock.model
        package = model.start_from
        return TrainSettings(
            recipe=model.recipe(AugmentConfig()),
            start_from=None if package is None else str(package.folder),
            device=model.device.value,
            terms=model.terms_config(),
        )

    def augment(self) -> AugmentConfig:
        return self._dock.augmentation.settings.config()


def _show_failed(event: Event) -> None:
    """A person is told even where the dock is closed by then."""
    if isinstance(event, Failed):
        show_failure(event)
