"""How many cells there are, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CellCount:
    """How many cells there are.

    Parameters
    ----------
    cells : int
        All of them.
    in_one_slice : int or None
        Those that live in one slice alone, and not at an end; None where nobody knows.
    """

    cells: int
    in_one_slice: int | None

    def words(self, way_out: str) -> str:
        """Such as ``1,025 cells, 601 of them in one slice alone (way_out)``."""
        said = f"{self.cells:,} cell" + "s" * (self.cells != 1)
        if not self.in_one_slice:
            return said
        return f"{said}, {self.in_one_slice:,} of them in one slice alone ({way_out})"
