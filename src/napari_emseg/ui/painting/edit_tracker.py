"""Follows what a person does to one labels layer."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from napari_emseg.core.correct.edits import Edits, Policy, SliceEdits, merged
from napari_emseg.errors import LabelsError
from napari_emseg.types import OURS
from napari_emseg.ui.painting import undo_history as undoable

if TYPE_CHECKING:
    from napari.layers import Labels


@dataclass(frozen=True)
class _Known:
    """What was known of a slice at some time."""

    edits: SliceEdits
    edited: bool


@dataclass(frozen=True)
class _Step:
    """A prediction that was written, and what it did to what is known."""

    mark: Any
    old: dict[int, _Known]
    new: dict[int, _Known]


@dataclass(frozen=True)
class _Change:
    """What a prediction would do to a slice of this version; kept is None for nothing."""

    z: int
    version: int
    predicted: np.ndarray[Any, Any]
    atom: Any
    kept: np.ndarray[Any, np.dtype[np.bool_]] | None


@dataclass(frozen=True)
class Plan:
    """A prediction that is about to be written; see `LayerEdits.plan`."""

    policy: Policy
    changes: list[_Change]


class LayerEdits:
    """Keeps `Edits` in step with a layer, through strokes, undo and predictions written into it.

    They lie in the layer's metadata, so that the writer finds them.

    Parameters
    ----------
    layer : Labels
        Of two or three axes.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted with the slices whose labels, or whose state, have changed.
    edits : Edits
        What is known.
    """

    changed = Signal(object)

    def __init__(self, layer: Labels) -> None:
        self.layer = layer
        self.edits = _edits_in(layer)
        self._steps: deque[_Step] = deque(maxlen=undoable.LIMIT)
        self._versions: dict[int, int] = {}
        self._by_program = False
        self._seen = undoable.steps(layer)
        self._take_up_earlier_strokes()
        self._connections = [
            (layer.events.paint, self._on_paint),
            (layer.events.labels_update, self._on_stroke),
            (layer.events.set_data, self._on_refresh),
            (layer.events.data, self._on_data),
        ]
        for event, listener in self._connections:
            event.connect(listener)

    def stop(self) -> None:
        """Follow the layer no more."""
        for event, listener in self._connections:
            event.disconnect(listener)

    @property
    def total(self) -> int:
        """How many slices there are."""
        return int(self.layer.data.shape[0]) if self.layer.ndim == 3 else 1

    def now(self, z: int) -> np.ndarray[Any, Any]:
        """Labels (Y, X) of slice ``z``."""
        data = self.layer.data
        labels: np.ndarray[Any, Any] = data[z] if self.layer.ndim == 3 else data
        return labels

    def review(self, z: int, reviewed: bool) -> None:
        """A person vouches for all of slice ``z``, or does not any more."""
        self.edits.review(z, reviewed)
        self._tell({z})

    def note(self, changed: set[int]) -> None:
        """Slices were written to by other ways than strokes."""
        self._tell(changed)

    def versions(self) -> dict[int, int]:
        """How often each slice has changed, for `plan`."""
        return dict(self._versions)

    def plan(
        self,
        slices: Iterable[tuple[int, np.ndarray[Any, Any]]],
        policy: Policy,
        versions: dict[int, int],
    ) -> Plan:
        """Find out what a prediction would change; only reads, so it may run in a thread.

        Parameters
        ----------
        slices : iterable of (int, (Y, X) array)
            What is predicted.
        policy : Policy
            What stays; see `core.correct.edits.merged`.
        versions : dict
            What `versions` gave, on the window's thread and before this call.
        """
        changes = []
        for z, predicted in slices:
            result = merged(np.asarray(self.now(z)), predicted, self.edits.of(z), policy)
            if result is None:
                atom, kept = None, None
            else:
                atom, kept = undoable.difference(self.layer, z, result[0]), result[1]
            changes.append(_Change(z, versions.get(z, 0), predicted, atom, kept))
        return Plan(policy, changes)

    def write(self, plan: Plan) -> tuple[int, ...]:
        """Write a prediction as one step of undo.

        Slices that have changed since they were planned are planned again.

        Returns
        -------
        tuple of int
            Slices that were not left as they are on purpose.

        Raises
        ------
        LabelsError
            If a stroke is being drawn, with which it would become one step.
        """
        if undoable.unfinished(self.layer):
            raise LabelsError(
                f"labels: a stroke on {self.layer.name!r} is not finished; let go of the mouse "
                "first"
            )
        late = [(c.z, c.predicted) for c in plan.changes if c.version != self._versions.get(c.z, 0)]
        anew = {c.z: c for c in self.plan(late, plan.policy, self._versions).changes}
        changes = [anew.get(change.z, change) for change in plan.changes]
        return self._write([change for change in changes if change.kept is not None])

    def _write(self, changes: list[_Change]) -> tuple[int, ...]:
        slices = tuple(sorted(change.z for change in changes))
        old = {z: self._known(z) for z in slices}
        with self._writing():
            atoms = [change.atom for change in changes if change.atom is not None]
            mark = undoable.apply(self.layer, atoms)
        for change in changes:
            self.edits.predict(change.z, change.kept)
        if mark is not None:
            self._steps.append(_Step(mark, old, {z: self._known(z) for z in slices}))
        self._tell(set(slices))
        return slices

    # -- what happens to the layer -------------------------------------------------------------

    def _on_paint(self, event: Any) -> None:
        self._seen = undoable.steps(self.layer)
        if not self._by_program:
            self._touch(event.value)

    def _on_stroke(self) -> None:
        """A stroke goes on: napari tells of its end only."""
        staged = undoable.unfinished(self.layer)
        if staged and not self._by_program:
            self._touch(staged, newest=staged[-1:])

    def _on_refresh(self) -> None:
        """Undo and redo have no event of their own, but draw the layer anew."""
        undone, redone = self._seen[0], self._seen[1]
        self._seen = undoable.steps(self.layer)
        if self._seen[1] > redone:
            self._replay(undoable.last_undone(self.layer), back=True)
        elif self._seen[1] < redone and self._seen[0] > undone:
            self._replay(undoable.last_done(self.layer), back=False)

    def _on_data(self) -> None:
        """The whole array was replaced; edits of another shape say nothing of it."""
        known, shape = self.edits.slices, tuple(self.now(0).shape)
        for z in known:
            if z >= self.total or self.edits.of(z).shape not in (None, shape):
                self.edits.predict(z, None)
        self._tell(set(known))

    def _touch(self, atoms: Sequence[Any], newest: Sequence[Any] | None = None) -> None:
        touched = undoable.slices_of(self.layer, atoms if newest is None else newest)
        for z in touched:
            if self.edits.of(z).baseline is None:
                self.edits.begin(z, undoable.before(self.layer, z, atoms))
            self.edits.settle(z, edited=True)  # until it has been compared
        self._tell(touched)

    def _replay(self, atoms: Sequence[Any], *, back: bool) -> None:
        """A step was undone or done again: what it changed has to be looked at."""
        step = next((each for each in self._steps if any(a is each.mark for a in atoms)), None)
        if step is None:
            self._touch(atoms)
            return
        for z, known in (step.old if back else step.new).items():
            self.edits.put(z, known.edits, edited=known.edited)
        self._tell(set(step.old))

    def _take_up_earlier_strokes(self) -> None:
        """What was painted before anybody watched is in the undo history."""
        atoms = [atom for step in self.layer._undo_history for atom in step]
        for z in undoable.slices_of(self.layer, atoms):
            if self.edits.of(z).baseline is None:
                self.edits.begin(z, undoable.before(self.layer, z, atoms))

    def _tell(self, changed: set[int]) -> None:
        for z in changed:
            self._versions[z] = self._versions.get(z, 0) + 1
        self.changed.emit(changed)

    def _known(self, z: int) -> _Known:
        return _Known(self.edits.of(z), z in self.edits.edited)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._by_program = True
        try:
            yield
        finally:
            self._by_program = False


def _edits_in(layer: Labels) -> Edits:
    """The edits in a layer's metadata: from a file, of another layer it is a copy of, or new."""
    ours = dict(layer.metadata.get(OURS, {}))
    found = ours.get("edits")
    if isinstance(found, Edits):
        edits = deepcopy(found)
    else:
        edits = Edits.from_note(found, layer.data.shape)
    layer.metadata = {**layer.metadata, OURS: {**ours, "edits": edits}}
    return edits
