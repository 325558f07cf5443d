"""A table of sums that takes parts one by one, in the memory of what they come to together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar


class _Sized(Protocol):
    def __len__(self) -> int: ...


_Part = TypeVar("_Part", bound=_Sized)

_LEAST_WAITING = 100_000


class GrowingTable(Generic[_Part]):
    """Takes parts, such as those of slices; holds no more than twice as many rows as there are.

    Parameters
    ----------
    joined : callable
        Makes one of several, in which what occurs in several is one row.
    """

    def __init__(self, joined: Callable[[Sequence[_Part]], _Part]) -> None:
        self._joined = joined
        self._table: _Part | None = None
        self._waiting: list[_Part] = []
        self._rows = 0

    def add(self, part: _Part) -> None:
        """Take a part."""
        self._waiting.append(part)
        self._rows += len(part)
        if self._rows > (_LEAST_WAITING if self._table is None else len(self._table)):
            self.total()

    def total(self) -> _Part:
        """All that was taken; at least one part."""
        waiting, self._waiting, self._rows = self._waiting, [], 0
        self._table = self._joined(([] if self._table is None else [self._table]) + waiting)
        return self._table
