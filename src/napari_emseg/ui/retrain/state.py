"""How the loop of correcting and retraining stands, without a window."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from psygnal import SignalGroupDescriptor


class Step(StrEnum):
    """What *Retrain* does just now."""

    IDLE = "idle"
    LEARNING = "learning"
    SEGMENTING = "segmenting"
    COMPARING = "comparing"


@dataclass(eq=False)
class RetrainState:
    """One round after another.

    Attributes
    ----------
    step : Step
        What goes on.
    message : str
        A sentence for the person who waits, or of what came out.
    done : float or None
        Part of the step that is done, 0..1; None where nobody knows.
    rounds : int
        How many can be reverted.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    step: Step = Step.IDLE
    message: str = ""
    done: float | None = None
    rounds: int = 0

    @property
    def is_busy(self) -> bool:
        """Whether a round is under way."""
        return self.step is not Step.IDLE

    def begin(self, step: Step, message: str) -> None:
        """Another step; nobody knows yet how long it takes."""
        self.done, self.message, self.step = None, message, step

    def advance(self, message: str, done: float | None) -> None:
        """The step goes on."""
        self.done, self.message = done, message

    def end(self, message: str) -> None:
        """The round is over, however it ended."""
        self.done, self.message, self.step = None, message, Step.IDLE


@dataclass(frozen=True)
class Comparison:
    """Before and after a round.

    Parameters
    ----------
    model : str
        Name of the new one.
    where : str
        What was held out, in words.
    before, after : float or None
        V_rand there, 0..1; None where the slices were not predicted before.
    changed : float or None
        Part of the pixels whose mask is another, 0..1; None where nothing was segmented before.
    """

    model: str
    where: str
    before: float | None
    after: float
    changed: float | None

    def __str__(self) -> str:
        score = f"V_rand {self.after:.3f}"
        if self.before is not None:
            score = f"V_rand {self.before:.3f} before, {self.after:.3f} after"
        share = "" if self.changed is None else f" {100 * self.changed:.1f} % of pixels changed."
        return f"{self.model}: {score} ({self.where}).{share}{self._advice}"

    @property
    def _advice(self) -> str:
        worse = self.before is not None and self.after < self.before
        return " It has become worse; Revert goes back." if worse else ""
