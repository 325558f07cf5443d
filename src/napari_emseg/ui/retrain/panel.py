"""The panel *Retrain*: one click, and the model has learned from what a person has corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import PushButton
from psygnal import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_emseg.core.config.correction import RetrainConfig
from napari_emseg.errors import EmsegError
from napari_emseg.model.packages.package import ModelPackage
from napari_emseg.ui.background.dock_closed import WhenClosed
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.background.library_events import library_events
from napari_emseg.ui.prediction.registry import newest_prediction
from napari_emseg.ui.retrain.controller import RetrainLoop
from napari_emseg.ui.retrain.state import RetrainState
from napari_emseg.ui.widgets.close_guard import AskBeforeClosing, ask
from napari_emseg.ui.widgets.collapsible import Folded
from napari_emseg.ui.widgets.forms import field_for, form_of
from napari_emseg.ui.widgets.model_field import choose_model, model_field
from napari_emseg.ui.widgets.notify import show_error
from napari_emseg.ui.widgets.progress_row import RunRow
from napari_emseg.ui.widgets.remembered_fields import remember

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.components import ViewerModel

    from napari_emseg.ui.retrain.corrections import Corrections

_CLOSING = {
    "dock": ("Close the dock and stop retraining?", "The layers stay as they are.", "Stop"),
    "napari": (
        "Close napari and stop retraining?",
        "It can go on in the dock Train, after its last finished epoch.",
        "Close napari",
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
    state : RetrainState
        How the loop stands.
    """

    ended = Signal(object)

    def __init__(self, viewer: ViewerModel, source: Callable[[], Corrections]) -> None:
        super().__init__()
        self._source = source
        self.state = RetrainState()
        self.loop = RetrainLoop(viewer, job_runner(), self.state, self.ended.emit, self)
        self._make_fields()
        self._lay_out()
        self._connect()
        self.choose_model()
        self._show_state()

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
        )
        self.revert = PushButton(
            text="Revert",
            tooltip="Back to the model and the prediction before; the new model stays in the "
            "library.",
        )
        self.run.margins = (0, 0, 0, 0)
        remember(self.config, "retrain")

    def _lay_out(self) -> None:
        rest = [field for name, field in self.config.items() if name != "minutes"]
        advanced = Folded("How it learns", lambda: form_of(rest).native, tooltip="Seldom needed.")
        self.run[0].append(self.revert)  # beside Retrain and Stop
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(form_of([self.model, self.config["minutes"]]).native)
        layout.addWidget(advanced)
        layout.addWidget(self.run.native)

    def _connect(self) -> None:
        self.run.start.changed.connect(self.retrain)
        self.run.stop.changed.connect(self.loop.stop)
        self.revert.changed.connect(self.loop.revert)
        for event in (self.state.events.message, self.state.events.step, self.state.events.done):
            event.connect(self._show_state)
        library_events.added.connect(self._offer)
        library_events.chosen.connect(self._offer)
        library_events.segmented.connect(self.choose_model)
        self._closing = AskBeforeClosing(
            self, lambda: self.state.is_busy, lambda what: ask(self, *_CLOSING[what])
        )
        WhenClosed(self, self.close_panel)

    # -- what is chosen --------------------------------------------------------------------

    def choose_model(self) -> None:
        """Choose the model of the newest prediction."""
        prediction = newest_prediction()
        if prediction is not None:
            self._offer(prediction.package.folder)

    def _offer(self, folder: Path) -> None:
        """Offer the models that there are now, and choose the one in ``folder``."""
        choose_model(self.model, folder)

    # -- actions ---------------------------------------------------------------------------

    def retrain(self) -> None:
        """Begin a round."""
        try:
            corrections = self._source()
            package: ModelPackage | None = self.model.value
            if package is None:
                raise EmsegError("Model: none is installed; choose one first.")
            config = RetrainConfig(**{name: field.value for name, field in self.config.items()})
            self.loop.start(corrections, package, config)
        except EmsegError as error:
            self.state.end(str(error))
            show_error(str(error))

    def close_panel(self) -> None:
        """Hear of nothing any more; the dock that holds the panel calls this when it is closed."""
        library_events.added.disconnect(self._offer, missing_ok=True)
        library_events.chosen.disconnect(self._offer, missing_ok=True)
        library_events.segmented.disconnect(self.choose_model, missing_ok=True)
        self.state.events.disconnect()
        self.loop.close()

    # -- what the person sees --------------------------------------------------------------

    def _show_state(self) -> None:
        state = self.state
        if state.is_busy:
            self.run.show_running(state.message, state.done)
        else:
            self.run.show_idle(state.message)
        self.revert.enabled = bool(state.rounds) and not state.is_busy
