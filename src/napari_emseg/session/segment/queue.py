"""What one click asks for: stacks to segment one after the other, and how each of them ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from napari_emseg.engine.jobs import PredictResult
from napari_emseg.session.prediction.layers import SourceImage
from napari_emseg.session.prediction.prediction import PredictionSettings
from napari_emseg.session.prediction.run import Outcome
from napari_emseg.session.words import duration, plural
from napari_emseg.types import Finished

SlicesOf: TypeAlias = Callable[[SourceImage], list[int]]
"""Says which slices of an image, in the order wanted; raises `EmsegError` where it has not got
them."""


class SegmentQueue:
    """The stacks of one click.

    Parameters
    ----------
    images : sequence of SourceImage
        In the order wanted.
    slices_of : callable
        See `SlicesOf`.
    settings : PredictionSettings
        By what they are segmented.
    """

    def __init__(
        self, images: Sequence[SourceImage], slices_of: SlicesOf, settings: PredictionSettings
    ) -> None:
        self.slices_of, self.settings = slices_of, settings
        self._waiting = deque(images)
        self._count = len(images)
        self._name = ""
        self._outcomes: list[tuple[str, Outcome]] = []
        self._left_out: list[str] = []

    @property
    def is_over(self) -> bool:
        """Whether nothing waits any more."""
        return not self._waiting

    @property
    def place(self) -> str:
        """Which of several stacks it is, to begin a sentence with; empty where there is one."""
        if self._count == 1:
            return ""
        return f"Stack {len(self._outcomes) + 1} of {self._count}, {self._name}: "

    @property
    def outcome(self) -> Outcome:
        """How the last stack ended."""
        return self._outcomes[-1][1]

    def next(self) -> SourceImage | None:
        """The next stack, None where there is none."""
        if not self._waiting:
            return None
        image = self._waiting.popleft()
        self._name = image.name
        return image

    def stop(self) -> None:
        """Leave out what still waits."""
        self._left_out += [image.name for image in self._waiting]
        self._waiting.clear()

    def note(self, outcome: Outcome) -> None:
        """Keep how the stack that `next` gave has ended."""
        self._outcomes.append((self._name, outcome))

    def summary(self) -> str:
        """How all ended, in words."""
        if self._count == 1:
            return _words(self.outcome)
        ends = [end for _, end in self._outcomes]
        done = [end.result for end in ends if isinstance(end, Finished)]
        lines = [f"{len(done)} of {plural(self._count, 'stack')} segmented{_effort(done)}."]
        failed = [(name, end) for name, end in self._outcomes if not isinstance(end, Finished)]
        lines += [f"{name}: {_words(end)}" for name, end in failed]
        if self._left_out:
            lines.append(f"Not begun: {', '.join(self._left_out)}.")
        return "\n".join(lines)


def _words(outcome: Outcome) -> str:
    if isinstance(outcome, Finished):
        result: PredictResult = outcome.result
        effort = f"{plural(result.slices, 'slice')} in {duration(result.seconds)}"
        return f"{effort} with {result.device}."
    return outcome.message


def _effort(done: Sequence[PredictResult]) -> str:
    if not done:
        return ""
    slices, seconds = sum(each.slices for each in done), sum(each.seconds for each in done)
    return f", {plural(slices, 'slice')} in {duration(seconds)} with {done[-1].device}"
