"""What a person has decided about fragments, in a form that can be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args, overload

import numpy as np
import numpy.typing as npt

from napari_emseg.core.cells3d.slice_view import Ids
from napari_emseg.errors import ReadError

Pair: TypeAlias = tuple[int, int]
Table: TypeAlias = npt.NDArray[np.uint32]

DecisionKind: TypeAlias = Literal["merge", "split", "set apart", "take away"]


@dataclass(frozen=True)
class Decision:
    """One decision; fragments are named by their numbers in the volume, from 1.

    Parameters
    ----------
    kind : {"merge", "split", "set apart", "take away"}
        merge: those in ``first`` are of one cell with those in ``second``. split: they are not.
        set apart: each in ``first`` is a cell of its own. take away: they are no cell.
    first, second : tuple of int
        Of a cell that was parted, one of the two is all of one side.
    overrides : tuple of int
        Numbers of earlier decisions that it contradicts, which do not count any more.
    """

    kind: DecisionKind
    first: tuple[int, ...]
    second: tuple[int, ...] = ()
    overrides: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Change:
    """What a decision did to the table.

    Parameters
    ----------
    decision : Decision
        Which.
    fragments : (n,) int64 array
        Whose ids have changed, from 1.
    old, new : (n,) uint32 arrays
        Their ids before and after.
    """

    decision: Decision
    fragments: Ids
    old: Table
    new: Table

    @property
    def cells(self) -> set[int]:
        """Cells that have gained or lost something."""
        return {int(each) for each in np.unique(np.r_[self.old, self.new])} - {0}


class Decisions(Sequence[Decision]):
    """Decisions in their order, and which of them hold.

    Parameters
    ----------
    log : sequence of Decision
        The first one first.
    """

    def __init__(self, log: Sequence[Decision]) -> None:
        self._log = log
        out = {number for decision in log for number in decision.overrides}
        self._holding = [k for k in range(len(log)) if k not in out]

    @overload
    def __getitem__(self, k: int) -> Decision: ...
    @overload
    def __getitem__(self, k: slice) -> Sequence[Decision]: ...
    def __getitem__(self, k: int | slice) -> Decision | Sequence[Decision]:
        return self._log[k]

    def __len__(self) -> int:
        return len(self._log)

    @property
    def links(self) -> list[Pair]:
        """Pairs of fragments that are of one cell."""
        return [_pair(self._log[k]) for k in self._of("merge")]

    @property
    def parted(self) -> list[Pair]:
        """Pairs of fragments that are not."""
        return [_pair(self._log[k]) for k in self._apart() if self._log[k].second]

    def against(self, fragments: Iterable[int]) -> tuple[int, ...]:
        """Numbers of decisions that these fragments are not one cell."""
        inside = set(fragments)
        return tuple(
            k
            for k in self._apart()
            if not inside.isdisjoint(self._log[k].first)
            and not inside.isdisjoint(self._log[k].second)
        )

    def joining(self, one: Iterable[int], other: Iterable[int]) -> tuple[int, ...]:
        """Numbers of decisions that a fragment of one side is of a cell with one of the other."""
        here, there = set(one), set(other)
        return tuple(
            k
            for k in self._of("merge")
            for i, j in (_pair(self._log[k]),)
            if (i in here and j in there) or (i in there and j in here)
        )

    def joining_any(self, fragments: Iterable[int]) -> tuple[int, ...]:
        """Numbers of decisions that one of these fragments is of a cell with another one."""
        inside = set(fragments)
        return tuple(k for k in self._of("merge") if not inside.isdisjoint(_pair(self._log[k])))

    def _of(self, *kinds: DecisionKind) -> list[int]:
        return [k for k in self._holding if self._log[k].kind in kinds]

    def _apart(self) -> list[int]:
        return self._of("split", "set apart")


def _pair(decision: Decision) -> Pair:
    return decision.first[0], decision.second[0]


def to_json(log: Sequence[Decision], count: int) -> dict[str, Any]:
    """Decisions about so many fragments, in a form for JSON."""
    return {"fragments": count, "decisions": [asdict(each) for each in log]}


def from_json(note: Any, count: int) -> list[Decision]:
    """The inverse of `to_json`.

    Raises
    ------
    ReadError
        If it is damaged, or about other fragments.
    """
    try:
        if note["fragments"] != count:
            raise ReadError(
                f"decisions: expected some about {count} fragments, received some about "
                f"{note['fragments']}; choose the probability that they were made with"
            )
        return [_decision(each, number, count) for number, each in enumerate(note["decisions"])]
    except (LookupError, TypeError, ValueError) as error:
        raise ReadError(f"decisions: cannot be read ({type(error).__name__}: {error})") from error


def _decision(note: Mapping[str, Any], number: int, count: int) -> Decision:
    kind = note["kind"]
    if kind not in get_args(DecisionKind):
        raise ValueError(f"kind {kind!r}")
    first, second = (_within(note[side], 1, count) for side in ("first", "second"))
    return Decision(kind, first, second, _within(note["overrides"], 0, number - 1))


def _within(numbers: Sequence[Any], least: int, most: int) -> tuple[int, ...]:
    found = tuple(int(each) for each in numbers)
    if any(not least <= each <= most for each in found):
        raise ValueError(f"expected numbers from {least} to {most}")
    return found
