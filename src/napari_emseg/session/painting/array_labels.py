"""Labels that are an array and nothing else, with undo: for scripts and tests."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.correct.difference import Difference, difference_of
from napari_emseg.core.correct.edits import Edits
from napari_emseg.session.painting.edit_tracker import EditTracker


class ArrayLabels:
    """A `LabelsLayer` without a window; its atoms are differences.

    Parameters
    ----------
    data : (Z, Y, X) array
        The labels, which are written to.
    name : str
        What they are called.
    edits : Edits, optional
        What a person has done to them already.
    class_names : tuple of str
        What their classes are called, where they hold these.
    is_stored : bool
        Whether a file holds them as they are.

    Attributes
    ----------
    tracker : EditTracker
        Told of all that is done here.
    """

    def __init__(
        self,
        data: npt.NDArray[Any],
        name: str = "labels",
        edits: Edits | None = None,
        class_names: tuple[str, ...] = (),
        *,
        is_stored: bool = False,
    ) -> None:
        self.data, self.name, self.class_names = data, name, class_names
        self._done: list[list[Difference]] = []
        self._undone: list[list[Difference]] = []
        self.tracker = EditTracker(self, Edits() if edits is None else edits, is_stored=is_stored)

    @property
    def key(self) -> Hashable:
        """Itself."""
        return self

    @property
    def shape(self) -> tuple[int, int, int]:
        """(Z, Y, X)."""
        depth, height, width = self.data.shape
        return depth, height, width

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the labels."""
        return self.data.dtype

    @property
    def stack(self) -> npt.NDArray[Any]:
        """All labels (Z, Y, X)."""
        return self.data

    def slice(self, z: int) -> npt.NDArray[Any]:
        """Labels (Y, X) of a slice; a view."""
        labels: npt.NDArray[Any] = self.data[z]
        return labels

    def about(self) -> dict[str, Any]:
        """Name, shape and dtype."""
        return {"name": self.name, "shape": list(self.shape), "dtype": str(self.dtype)}

    # -- what a person does ----------------------------------------------------------------

    def paint(self, z: int, rows: Any, columns: Any, label: int) -> None:
        """Give pixels of a slice a label, as one step."""
        wanted = self.slice(z).copy()
        wanted[rows, columns] = label
        found = difference_of(z, self.slice(z), wanted)
        self.write([] if found is None else [found])

    def undo(self) -> None:
        """Take back the last step."""
        if self._done:
            self._undone.append(self._done.pop())
            self._put(self._undone[-1], back=True)
            self.tracker.drawn_anew()

    def redo(self) -> None:
        """Do it again."""
        if self._undone:
            self._done.append(self._undone.pop())
            self._put(self._done[-1], back=False)
            self.tracker.drawn_anew()

    # -- what sessions ask -----------------------------------------------------------------

    def write(self, differences: Sequence[Difference]) -> Any:
        """As `LabelsLayer.write`."""
        if not differences:
            return None
        self._undone.clear()
        self._done.append(list(differences))
        self._put(differences, back=False)
        self.tracker.painted(self._done[-1])
        return differences[0]

    def extend(self, differences: Sequence[Difference]) -> None:
        """As `LabelsLayer.extend`."""
        self._done[-1].extend(differences)
        self._put(differences, back=False)

    def is_of(self, mark: Any, atoms: Sequence[Any]) -> bool:
        """As `LabelsLayer.is_of`."""
        return any(atom is mark for atom in atoms)

    def steps(self) -> tuple[int, int]:
        """As `LabelsLayer.steps`."""
        return len(self._done), len(self._undone)

    def all_done(self) -> Sequence[Any]:
        """As `LabelsLayer.all_done`."""
        return [atom for step in self._done for atom in step]

    def last_done(self) -> Sequence[Any]:
        """As `LabelsLayer.last_done`."""
        return self._done[-1] if self._done else ()

    def last_undone(self) -> Sequence[Any]:
        """As `LabelsLayer.last_undone`."""
        return self._undone[-1] if self._undone else ()

    def unfinished(self) -> Sequence[Any]:
        """Nothing: steps are whole."""
        return ()

    def slices_of(self, atoms: Iterable[Any]) -> set[int]:
        """As `LabelsLayer.slices_of`."""
        return {atom.z for atom in atoms}

    def before(self, z: int, atoms: Sequence[Any]) -> npt.NDArray[Any]:
        """As `LabelsLayer.before`."""
        labels = np.array(self.slice(z))
        for atom in reversed(atoms):
            if atom.z == z:
                labels[atom.rows, atom.columns] = atom.old
        return labels

    def _put(self, differences: Sequence[Difference], *, back: bool) -> None:
        for each in reversed(differences) if back else differences:
            box = (each.z, each.rows, each.columns)
            self.data[box] = each.old if back else each.new
