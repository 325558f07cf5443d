"""How the graph of a volume was solved and corrected, one solution after the other."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Self

from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.proofread.corrections import Correction, read_corrections, written
from napari_emseg.io.volumes.place import Place

_FOLDER = "solutions"


@dataclass(frozen=True)
class Solution:
    """What the ids of a volume follow from, once its graph is there.

    Parameters
    ----------
    config : CellsConfig
        What is merged, and whether membranes are filled.
    least_slices : int
        Cells that live in fewer are left out.
    corrections : tuple of Correction
        Of a person, applied over what was solved.
    """

    config: CellsConfig
    least_slices: int
    corrections: tuple[Correction, ...] = ()

    @property
    def solved(self) -> str:
        """What the table is kept as before it is corrected."""
        return f"tables/{_hash(self._settings())}"

    @property
    def table(self) -> str:
        """What the table is kept as."""
        if not self.corrections:
            return self.solved
        return f"tables/{_hash([self._settings(), written(self.corrections)])}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**self._settings(), "corrections": written(self.corrections)}

    @classmethod
    def of(cls, about: dict[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        settings = dict(about)
        corrections = read_corrections(settings.pop("corrections"))
        least_slices = settings.pop("least_slices")
        return cls(CellsConfig(**settings), least_slices, corrections)

    def _settings(self) -> dict[str, Any]:
        return {**asdict(self.config), "least_slices": self.least_slices}


def last_solution(place: Place) -> tuple[int, Solution | None]:
    """The number of the last solution, from 1, and it; 0 and None where there is none."""
    number = max((int(name.removesuffix(".json")) for name in place.names(_FOLDER)), default=0)
    found = place.read(_name(number)) if number else None
    return number, None if found is None else Solution.of(json.loads(found))


def begin_solution(place: Place, wanted: Solution) -> int:
    """The number of a solution that is to be written: the last one's, or the next one."""
    note = json.dumps(wanted.to_dict(), indent=1).encode()
    while True:
        number, last = last_solution(place)
        if last is not None and last.to_dict() == wanted.to_dict():
            return number
        if place.create(_name(number + 1), note):
            return number + 1


def _name(number: int) -> str:
    return f"{_FOLDER}/{number:06d}.json"


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
