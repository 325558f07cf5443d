"""Which blocks of a volume are done; what is written here decides, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.unfinished import require_same_run
from napari_emseg.io.volumes.place import Place

BLOCKS = ".blocks"
"""Folder of an output in which its run is kept: the record, the ledger, the log, the pieces."""

_RUN = "run.json"
_PER_FOLDER = 1000


@dataclass(frozen=True)
class Ledger:
    """The blocks of one stage that are done: an object for each, made after all that it wrote.

    Parameters
    ----------
    place : Place
        Where the output's run is kept.
    stage : str
        The stage's name.
    """

    place: Place
    stage: str

    def is_done(self, number: int) -> bool:
        """Whether a block is done."""
        return self.place.read(self._name(number)) is not None

    def done(self, count: int) -> npt.NDArray[np.bool_]:
        """Which of the first ``count`` blocks are done, (count,) bool."""
        found = np.zeros(count, np.bool_)
        for name in self.place.names(self.stage):
            number = name.rpartition("/")[2].removesuffix(".json")
            if number.isdecimal() and int(number) < count:
                found[int(number)] = True
        return found

    def mark(self, number: int, note: Mapping[str, Any], *, is_lasting: bool = False) -> None:
        """Note that a block is done, with what is worth knowing of it.

        Power cut or not, it counts as soon as it is there: what the block wrote is on the disk.
        One that is ``is_lasting`` is not lost by it either.
        """
        self.place.write(self._name(number), json.dumps(note).encode(), is_lasting=is_lasting)

    def note(self, number: int) -> dict[str, Any]:
        """What was noted of a block that is done."""
        found: dict[str, Any] = json.loads(self.place.read(self._name(number)) or b"{}")
        return found

    def _name(self, number: int) -> str:
        return f"{self.stage}/{number // _PER_FOLDER:06d}/{number:09d}.json"


def refuse_to_remove(place: Place, *, joins: bool, overwrite: bool) -> None:
    """Raise `WriteError` where what is there is to be removed, and others may be at it."""
    if joins and overwrite:
        raise WriteError(
            f"{place}: of a run in parts none may remove what is there; remove it before, by hand"
        )


def join_run(place: Place, about: Mapping[str, Any]) -> bool:
    """Begin a run, or join the one that is there.

    Parameters
    ----------
    place : Place
        Where the run is kept.
    about : mapping
        What the results depend on, for JSON, by the names that an error calls it.

    Returns
    -------
    bool
        Whether it is a new one.

    Raises
    ------
    WriteError
        If the one that is there was begun with something else.
    """
    new = json.loads(json.dumps(about))
    if place.create(_RUN, json.dumps(new, indent=1).encode()):
        return True
    require_same_run(place.address.removesuffix(f"/{BLOCKS}"), run_of(place) or {}, new)
    return False


def run_of(place: Place) -> dict[str, Any] | None:
    """What a run depends on that was begun; None where there is none."""
    data = place.read(_RUN)
    found: dict[str, Any] | None = None if data is None else json.loads(data)
    return found
