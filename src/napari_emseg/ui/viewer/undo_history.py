"""Writing into a labels layer so that Ctrl-Z takes it back, and reading what Ctrl-Z would do.

The one place that knows how napari keeps its undo history: a step is a list of atoms, each of which
says where labels were written and what stood there before. `Labels.data_setitem` would record three
indices for every pixel; a box with its old and new labels takes a tenth of that memory, and less
once these are packed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_emseg.core.correct.difference import Difference


def apply(layer: Labels, differences: Sequence[Difference]) -> Any:
    """Write differences as one step of undo.

    Parameters
    ----------
    layer : Labels
        Of two or three axes.
    differences : sequence of Difference
        What is to be written.

    Returns
    -------
    Any
        What `is_of` knows the step by; None where there was nothing to write.
    """
    if not differences:
        return None
    atoms = [_atom(layer, each) for each in differences]
    with layer.block_history():
        for atom in atoms:
            layer.data[atom[0]] = atom[2]
            layer._save_history(atom)
    layer.refresh(extent=False)
    return atoms[0][0]


def extend(layer: Labels, differences: Sequence[Difference]) -> None:
    """Write differences as a part of the last step, which one Ctrl-Z takes back with it."""
    atoms = [_atom(layer, each) for each in differences]
    for atom in atoms:
        layer.data[atom[0]] = atom[2]
    layer._undo_history[-1].extend(atoms)
    layer.refresh(extent=False)


def is_of(mark: Any, atoms: Iterable[Any]) -> bool:
    """Whether atoms are those of the step that `apply` has given this mark."""
    return any(_place(atom) is mark for atom in atoms)


def steps(layer: Labels) -> tuple[int, int]:
    """How many steps can be undone, and how many redone."""
    return len(layer._undo_history), len(layer._redo_history)


def last_done(layer: Labels) -> Sequence[Any]:
    """Atoms of the last step that was done, or done again."""
    return layer._undo_history[-1] if layer._undo_history else ()


def last_undone(layer: Labels) -> Sequence[Any]:
    """Atoms of the last step that was undone."""
    return layer._redo_history[-1] if layer._redo_history else ()


def unfinished(layer: Labels) -> Sequence[Any]:
    """Atoms of the stroke that is being drawn."""
    return tuple(layer._staged_history)


def all_done(layer: Labels) -> Sequence[Any]:
    """Atoms of all steps that can be undone."""
    return [atom for step in layer._undo_history for atom in step]


def slices_of(layer: Labels, atoms: Iterable[Any]) -> set[int]:
    """Slices that atoms have written to."""
    if layer.ndim == 2:
        return {0} if any(True for _ in atoms) else set()
    found: set[int] = set()
    for atom in atoms:
        on = _place(atom)[0]
        found.update(range(on.start, on.stop) if isinstance(on, slice) else map(int, np.unique(on)))
    return found


def before(layer: Labels, z: int, atoms: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Slice ``z`` (Y, X) as it was before the atoms were written, whether they are yet or not."""
    labels = np.array(layer.data[z] if layer.ndim == 3 else layer.data)
    for atom in reversed(atoms):
        _take_back(labels, z, atom, flat=layer.ndim == 2)
    return labels


def _atom(layer: Labels, difference: Difference) -> tuple[Any, Any, Any]:
    """As `Labels.data_setitem` would record it, with a box in place of indices."""
    z = difference.z
    key = (slice(z, z + 1), difference.rows, difference.columns)[-layer.ndim :]
    return key, difference.old, difference.new


def _place(atom: Any) -> Any:
    """Where an atom was written: a slice or an array of indices for each axis."""
    return atom.slice_key if hasattr(atom, "slice_key") else atom[0]


def _take_back(labels: np.ndarray[Any, Any], z: int, atom: Any, *, flat: bool) -> None:
    """Put into slice ``z`` what stood there before an atom."""
    place = tuple(_place(atom))
    if hasattr(atom, "slice_key"):
        old, where = _old_box(atom)
    else:
        old, where = np.asarray(atom[1]), None
    if isinstance(place[0], slice):
        if flat:
            labels[place] = old if where is None else np.where(where, old, labels[place])
        elif place[0].start <= z < place[0].stop:
            k, box = z - place[0].start, place[1:]
            labels[box] = old[k] if where is None else np.where(where[k], old[k], labels[box])
    elif flat:
        labels[place] = old
    else:
        here = np.asarray(place[0]) == z
        labels[tuple(np.asarray(axis)[here] for axis in place[1:])] = old[here]


def _old_box(atom: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any] | None]:
    """Old labels of a box, and where in it they were written over; None for all of it."""
    if atom.mask is None:
        return atom.old_values, None
    old = np.zeros(atom.mask.shape, atom.old_values.dtype)
    old[atom.mask] = atom.old_values
    return old, atom.mask
