"""Further stacks that the next training learns from, beside the one that is chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from napari_emseg.engine.train.request import TrainingData, TrainingStack, TrainRequest
from napari_emseg.errors import EmsegError
from napari_emseg.session.train.data_words import learned_from


@dataclass(frozen=True, eq=False)
class Listed:
    """A stack on the list.

    Parameters
    ----------
    stack : TrainingStack
        Images, labels, how these are read, slices and weight.
    is_guessed : bool
        Whether the meaning of its labels is a guess, and no person's choice.
    said : str
        What was found in it, and what its labels were taken for.
    """

    stack: TrainingStack
    is_guessed: bool = True
    said: str = ""


@dataclass(eq=False)
class MoreStacks:
    """A list of stacks; the one that is chosen above it may be on it, and counts once.

    What is changed of that one, such as its slices, is changed on the list, too.

    Attributes
    ----------
    rows : tuple of Listed
        The list.
    message : str
        What the training learns from, or why a stack is not put on the list.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    rows: tuple[Listed, ...] = ()
    message: str = ""

    def of(self, data: TrainingData) -> Listed | None:
        """The row of what a person has chosen so; None where it is not on the list."""
        at = self._place(data)
        return None if at is None else self.rows[at]

    def with_chosen(self, stack: TrainingStack) -> tuple[TrainingStack, ...]:
        """The stack that is chosen, with the weight of its row, and then all others."""
        at = self._place(stack.data)
        others = tuple(row.stack for k, row in enumerate(self.rows) if k != at)
        weight = stack.weight if at is None else self.rows[at].stack.weight
        return (replace(stack, weight=weight), *others)

    def put(self, chosen: Listed) -> None:
        """Put a stack on the list, or in the place of its row, whose weight stays."""
        at = self._place(chosen.stack.data)
        at = len(self.rows) if at is None else at
        row = replace(chosen, stack=self.with_chosen(chosen.stack)[0])
        self.rows = (*self.rows[:at], row, *self.rows[at + 1 :])

    def weigh(self, at: int, weight: float) -> None:
        """Draw patches so often from the stack of a row."""
        row = self.rows[at]
        weighed = replace(row, stack=replace(row.stack, weight=weight))
        self.rows = (*self.rows[:at], weighed, *self.rows[at + 1 :])

    def spread(self, fraction: float) -> None:
        """Validate on this part of each stack, 0..1, of which nobody has chosen the slices."""
        splits = [row.stack.split for row in self.rows]
        kept = [each.kept_for(each.labelled, fraction) for each in splits]
        if kept != splits:
            self.rows = tuple(
                replace(row, stack=replace(row.stack, split=split))
                for row, split in zip(self.rows, kept, strict=True)
            )

    def remove(self, at: int) -> None:
        """Take a row off the list."""
        self.rows = (*self.rows[:at], *self.rows[at + 1 :])

    def say(self, request: Callable[[], TrainRequest | None]) -> None:
        """Say of which stacks a training would be, or why none can be."""
        try:
            asked = request() if self.rows else None
            self.message = "" if asked is None else learned_from(asked)
        except EmsegError as error:
            self.message = str(error)

    def _place(self, data: TrainingData) -> int | None:
        same = (k for k, row in enumerate(self.rows) if _is_same(row.stack.data, data))
        return next(same, None)


def _is_same(one: TrainingData, other: TrainingData) -> bool:
    return one is other or (one.chosen is not None and one.chosen == other.chosen)
