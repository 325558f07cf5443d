"""How far a training is, how fast it learns there, and when it is over."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace

from napari_emseg.core.config.training import TrainConfig
from napari_emseg.model.train.history import Row, best_epoch, is_settled, is_validated
from napari_emseg.types import TrainProgress

_LAST_LEARNING_RATE = 0.01
"""Part of the highest learning rate that is left at the end of the schedule."""

_WARM_UP = 0.1
"""Part of a hurried training in which the learning rate rises to its highest."""

_RATE, _HURRIED_RATE = 1e-3, 3e-3
_HURRIED_MINUTES = 30.0

_TELLING = 0.002
"""Part of a training that tells how long the rest of it takes."""


def is_hurried(config: TrainConfig, *, new: bool) -> bool:
    """Whether so little time is left to a ``new`` network that it must learn fast.

    In some 300 steps Adam at 0.001 is far from done; see ``docs/recipes.md``. A network that goes
    on from a model would lose what it knows, and who names a learning rate gets it.
    """
    return new and not config.learning_rate and 0 < config.minutes <= _HURRIED_MINUTES


def with_learning_rate(config: TrainConfig, *, hurried: bool) -> TrainConfig:
    """The same settings with a learning rate, where they leave it open."""
    rate = _HURRIED_RATE if hurried else _RATE
    return replace(config, learning_rate=config.learning_rate or rate)


class Schedule:
    """Clock of a training that ends after some epochs or after some minutes.

    Parameters
    ----------
    config : TrainConfig
        Epochs, minutes and learning rate.
    steps : int
        Steps per epoch.
    seconds_before : float
        Time that earlier parts of a resumed run took.
    hurried : bool
        Whether the learning rate rises before it falls (`is_hurried`).
    """

    def __init__(
        self,
        config: TrainConfig,
        steps: int,
        *,
        seconds_before: float = 0.0,
        hurried: bool = False,
    ) -> None:
        self._config, self._steps, self._warm_up = config, steps, _WARM_UP if hurried else 0.0
        self._begun = time.monotonic() - seconds_before
        self._first_told: tuple[float, float] | None = None

    def seconds(self) -> float:
        """Time that training took so far."""
        return time.monotonic() - self._begun

    def done(self, epochs: int, step: int = 0) -> float:
        """Part of the training that lies behind, 0..1, some epochs and steps after its start."""
        if self._config.minutes:
            return min(self.seconds() / (60 * self._config.minutes), 1.0)
        return min((epochs + step / self._steps) / self._config.epochs, 1.0)

    def learning_rate(self, done: float) -> float:
        """Half a cosine from the highest learning rate to a hundredth of it, after any warm-up."""
        if done < self._warm_up:
            return self._config.learning_rate * (0.05 + 0.95 * done / self._warm_up)
        fall = 0.5 + 0.5 * math.cos(math.pi * (done - self._warm_up) / (1 - self._warm_up))
        part = _LAST_LEARNING_RATE + (1 - _LAST_LEARNING_RATE) * fall
        return self._config.learning_rate * part

    def budget_left(self) -> float | None:
        """Seconds that are left of its minutes; None where it ends after some epochs."""
        minutes = self._config.minutes
        return max(60 * minutes - self.seconds(), 0.0) if minutes else None

    def seconds_left(self, done: float) -> float | None:
        """Time to the end at the pace since this was asked first; None while it cannot be told.

        Ask when a step has ended: the first one is compiled, which says nothing of the others.
        """
        if (left := self.budget_left()) is not None:
            return left
        if done >= 1:
            return 0.0
        now = self.seconds()
        if self._first_told is None:
            self._first_told = (now, done)
        since, before = self._first_told
        if done - before <= _TELLING:
            return None
        return (now - since) / (done - before) * (1 - done)

    def progress(self, epoch: int, step: int) -> TrainProgress:
        """What to tell when a step has ended; it and its epoch are counted from 1."""
        config, done = self._config, self.done(epoch - 1, step)
        return TrainProgress(
            done, 1.0, "training", self.seconds_left(done), epoch=epoch,
            epochs=None if config.minutes else config.epochs, step=step, steps=self._steps,
        )  # fmt: skip


def has_stalled(history: Sequence[Row], patience: int) -> bool:
    """Whether validation has stopped improving, so that going on is a waste.

    Off by default (``patience`` 0): the schedule ends by itself, its last tenth gives the weights
    that are kept, and V_rand over a few slices still rises there after long plateaus.

    - Once the learning rate has settled: no better score in ``patience`` epochs.
    - Before: neither a better score nor a lower loss in twice as many, which both noise and the
      loss's early minimum (it rises while V_rand still does) seldom look like alone.
    """
    validated = [row for row in history if is_validated(row)]
    if not patience or not validated:
        return False
    now, best = history[-1]["epoch"], best_epoch(history)
    if is_settled(best, history):
        return now - best["epoch"] >= patience
    lowest = min(validated, key=lambda row: row["val_loss"])
    return now - max(best["epoch"], lowest["epoch"]) >= 2 * patience
