"""The training of a round, as the session of retraining uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal, SignalGroup

from napari_emseg.ui.train.session import TrainSession
from napari_emseg.ui.train.state import TrainState

if TYPE_CHECKING:
    from napari_emseg.engine.train.request import TrainRequest
    from napari_emseg.model.train.history import TrainResult
    from napari_emseg.session.jobs import Jobs


class RoundTraining:
    """A `napari_emseg.session.retrain.adapters.Training`.

    Parameters
    ----------
    jobs : Jobs
        Trains.
    """

    ended = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        self._state = TrainState()
        self._session = TrainSession(jobs, self._state, self.ended.emit)

    @property
    def events(self) -> SignalGroup:
        """As `Training.events`."""
        return self._state.events

    @property
    def done(self) -> float:
        """As `Training.done`."""
        return self._state.done

    @property
    def result(self) -> TrainResult | None:
        """As `Training.result`."""
        return self._state.result

    @property
    def is_running(self) -> bool:
        """As `Training.is_running`."""
        return self._session.is_running

    def start(self, request: TrainRequest) -> None:
        """As `Training.start`."""
        self._session.start(request)

    def stop(self) -> None:
        """As `Training.stop`."""
        self._session.stop()
