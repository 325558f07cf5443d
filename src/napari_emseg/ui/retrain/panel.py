"""The panel *Retrain*: one click, and the model has learned from what a person has corrected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from magicgui.widgets import PushButton
from psygnal import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.config.correction import RetrainConfig
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.errors import EmsegError
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.session.retrain.round import CorrectedStack
from napari_emseg.session.retrain.session import RetrainSession
from napari_emseg.session.train.session import TrainSession
from napari_emseg.session.words import explained
from napari_emseg.session.workspace import library_events
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.docking.close_guard import AskBeforeClosing, ask
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.prediction.source_image import LayerImage
from napari_emseg.ui.retrain.corrections import Painted
from napari_emseg.ui.retrain.overlays import RetrainView
from napari_emseg.ui.viewer.layers import as_stack
from napari_emseg.ui.viewer.predictions import image_looked_at
from napari_emseg.ui.viewer.workspace import workspace_of
from napari_emseg.ui.widgets.collapsible import Folded
from napari_emseg.ui.widgets.forms import field_for, form_of, wrapped_label
from napari_emseg.ui.widgets.model_field import choose_model, model_field
from napari_emseg.ui.widgets.notify import show_failure
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.remembered_fields import remember
from napari_emseg.ui.widgets.scroll_page import Page

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from napari_emseg.ui.retrain.corrections import Corrections

_LOOK_S = 0.3
"""How long strokes must rest before it is found out what would be learned from."""

_CLOSING = {
    "dock": (
        "Close the dock and stop retraining?",
        "The layers stay as they are.",
        "Stop",
        "Go on training",
    ),
    "napari": (
        "Close napari and stop retraining?",
        "It can go on in the dock Train, after its last finished epoch.",
        "Close napari",
        "Go on training",
    ),
}


class RetrainPanel(QWidget):
    """Retrain, look again, revert.

    Parameters
    ----------
    viewer : ViewerModel
        Where the layers are.
    source : callable
        Gives what is corrected; raises `EmsegError` where there is nothing to learn from.

    Attributes
    ----------
    ended : psygnal.Signal
        Emitted with the last event of every round.
    session : RetrainSession
        How retraining stands.
    """

    ended = Signal(object)

    def __init__(self, viewer: ViewerModel, source: Callable[[], Corrections]) -> None:
        super().__init__()
        self._viewer, self._source, self._workspace = viewer, source, workspace_of(viewer)
        executor = QtExecutor()
        self._looking = executor.timer(self._look, _LOOK_S)
        self.session = RetrainSession(
            job_runner(), executor, self._workspace, TrainSession(job_runner()),
            RetrainView(viewer),
        )  # fmt: skip
        self._make_fields()
        self._lay_out()
        self._connect()
        self.choose_model()
        self._draw()

    # -- parts -----------------------------------------------------------------------------

    def _make_fields(self) -> None:
        self.model = model_field(
            "What goes on learning: the model of the newest prediction, unless you choose another. "
            "It stays as it is; a new one is made of it."
        )
        self.config = {
            each.name: field_for(RetrainConfig, each.name) for each in RetrainConfig.settings()
        }
        self.run = RunRow(
            PushButton(
                text="Retrain",
                tooltip="Have the model learn from the corrected slices, segment again what was "
                "segmented before, and show what has changed.",
            ),
            "Stop, and leave everything as it was. Twice while it learns: at once.",
            "Retrain",
        )
        self.revert = PushButton(
            text="Revert",
            tooltip="Back to the model and the prediction before; the new model stays in the "
            "library.",
        )
        remember(self.config, "retrain")

    def _lay_out(self) -> None:
        rest = [field for name, field in self.config.items() if name != "minutes"]
        advanced = Folded(
            "How it learns",
            lambda: form_of(rest).native,
            tooltip="How fast it learns, and how much of what it knew it sees again.",
        )
        self.run[0].append(self.revert)  # beside Retrain and Stop
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        fields = Page(form_of([self.model, self.config["minutes"]]).native, advanced)
        layout.addWidget(fields, stretch=1)
        self.learns_from = wrapped_label("")
        layout.addWidget(self.learns_from.native)
        layout.addWidget(self.run.native)

    def _connect(self) -> None:
        self.run.start.changed.connect(self.retrain)
        session = self.session
        self.run.stop.changed.connect(session.stop)
        self.revert.changed.connect(session.revert)
        events = session.events
        for event in (events.message, events.phase, events.done, events.learns_from):
            event.connect(self._draw)
        session.ended.connect(self.ended.emit)
        session.failed.connect(show_failure)
        library_events.added.connect(self._offer_models)
        library_events.changed.connect(self._offer_models)
        self._workspace.chosen.connect(self._choose)
        self._workspace.segmented.connect(self.choose_model)
        self._closing = AskBeforeClosing(
            self, lambda: self.session.is_busy, lambda what: ask(self, *_CLOSING[what])
        )
        WhenClosed(self, self.close_panel)

    # -- what is chosen --------------------------------------------------------------------

    def choose_model(self) -> None:
        """Choose the model of the newest prediction of the image that is looked at."""
        prediction = self._workspace.newest(image_looked_at(self._viewer))
        if prediction is not None:
            self._choose(Path(prediction.model))

    def _choose(self, folder: Path) -> None:
        """Offer the models that there are now, and choose the one in ``folder``."""
        choose_model(self.model, folder)

    def _offer_models(self) -> None:
        """Offer the models that there are now; the choice stays."""
        self.model.reset_choices()

    # -- actions ---------------------------------------------------------------------------

    def look_soon(self) -> None:
        """Say what would be learned from, when strokes have come to rest."""
        self._looking.start()

    def _look(self) -> None:
        try:
            corrected = self._corrected(self._source())
        except EmsegError:  # nothing yet
            corrected = None
        self.session.look(corrected)

    def retrain(self) -> None:
        """Begin a round."""
        try:
            corrections = self._source()
            package: ModelPackage | None = self.model.value
            if package is None:
                raise EmsegError("Model: none is installed; choose one first.")
            config = RetrainConfig(**{name: field.value for name, field in self.config.items()})
            self.session.start(self._corrected(corrections), package, config)
        except EmsegError as error:
            self.session.refuse(str(error))

    def _corrected(self, corrections: Corrections) -> CorrectedStack:
        data = TrainingData(
            as_stack(corrections.image, "image"), as_stack(corrections.labels, "labels")
        )
        image, painted = LayerImage(self._viewer, corrections.image), Painted(corrections.labels)
        return CorrectedStack(image, data, painted, corrections.edits)

    def close_panel(self) -> None:
        """Hear of nothing any more; the dock that holds the panel calls this when it is closed."""
        library_events.added.disconnect(self._offer_models, missing_ok=True)
        library_events.changed.disconnect(self._offer_models, missing_ok=True)
        self._workspace.chosen.disconnect(self._choose, missing_ok=True)
        self._workspace.segmented.disconnect(self.choose_model, missing_ok=True)
        self._looking.stop()
        self.session.events.disconnect()
        self.session.close()
        self.run.end()

    # -- what the person sees --------------------------------------------------------------

    def _draw(self) -> None:
        session = self.session
        if session.is_busy:
            self.run.show_running(session.message, session.done)
        else:
            self.run.show_idle(explained(session.message))
        self.learns_from.value = session.learns_from
        self.revert.enabled = bool(session.rounds) and not session.is_busy
