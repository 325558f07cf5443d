"""What a person has done to one layer of labels: the one who knows, whom all others ask.

Each slice has a version that counts its changes. Whoever has looked at a slice says of which
version that is true, and whoever has written it keeps the version that is written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_emseg.core.correct.difference import Difference, difference_of
from napari_emseg.core.correct.edits import (
    NOTHING,
    Edits,
    Policy,
    SliceEdits,
    merged,
    packed_mask,
)
from napari_emseg.core.correct.packed import Packable, Packed
from napari_emseg.errors import LabelsError
from napari_emseg.session.painting.labels import LIMIT, LabelsLayer


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
    """What a prediction would do to a slice of this version."""

    z: int
    version: int
    predicted: npt.NDArray[Any]
    is_left: bool
    difference: Difference | None = None
    kept: Packed | None = None
    redrawn: Packed | None = None


@dataclass(frozen=True)
class Plan:
    """A prediction that is about to be written; see `EditTracker.plan`."""

    policy: Policy
    changes: list[_Change]


class EditTracker:
    """Keeps `Edits` in step with a layer, through strokes, undo and predictions written into it.

    Whoever knows the layer calls `painted`, `stroke_goes_on`, `drawn_anew` and `data_replaced`.

    Parameters
    ----------
    layer : LabelsLayer
        What is painted on.
    edits : Edits
        What is known of it so far.
    is_stored : bool
        Whether a file holds the layer as it is, with these edits.

    Attributes
    ----------
    changed : psygnal.Signal
        Emitted with the slices whose labels, or whose state, have changed.
    settled : psygnal.Signal
        Emitted with the slices that do not count as edited any more, now that they were compared.
    """

    changed = Signal(object)
    settled = Signal(object)

    def __init__(self, layer: LabelsLayer, edits: Edits, *, is_stored: bool = False) -> None:
        self.layer, self.edits = layer, edits
        self._steps: deque[_Step] = deque(maxlen=LIMIT)
        # whoever keeps painted slices safe writes those that have a version
        self._versions = {} if is_stored else dict.fromkeys(edits.edited, 1)
        self._compared: dict[int, int] = {}
        self._loose: list[Packable] = []
        self._by_program = self._is_replaced = False
        self._seen = layer.steps()
        self._take_up_earlier_strokes()

    # -- what others ask -------------------------------------------------------------------

    @property
    def total(self) -> int:
        """How many slices there are."""
        return self.layer.shape[0]

    @property
    def is_edited(self) -> bool:
        """Whether the layer holds anything of a person's, by its pixels as they are now.

        That is a slice that is painted on and not undone, or reviewed, or other pixels altogether.
        A slice that has changed since it was last compared is compared here.
        """
        return (
            self._is_replaced
            or bool(self.edits.reviewed)
            or any(self._is_touched(z) for z in sorted(self.edits.edited))
        )

    def version(self, z: int) -> int:
        """How often slice ``z`` has changed."""
        return self._versions.get(z, 0)

    def versions(self) -> dict[int, int]:
        """Of all slices that have changed."""
        return dict(self._versions)

    def take_loose(self) -> list[Packable]:
        """Large arrays that are kept for undo, for a thread that packs them."""
        loose, self._loose = self._loose, []
        return loose

    # -- what others say -------------------------------------------------------------------

    def settle(self, z: int, version: int, *, is_touched: bool) -> None:
        """Slice ``z`` was compared when it had this version; of no use if it has another by now."""
        if version != self.version(z):
            return
        self._compared[z] = version
        if not is_touched and z in self.edits.edited:
            self.edits.settle(z, edited=False)
            self.settled.emit({z})

    def review(self, z: int, reviewed: bool) -> None:
        """A person vouches for all of slice ``z``, or does not any more."""
        self.edits.review(z, reviewed)
        self._tell({z})

    def note(self, changed: set[int]) -> None:
        """Slices were written to by other ways than strokes."""
        self._tell(changed)

    def rewritten(self, z: int) -> None:
        """Who makes the labels has made slice ``z`` anew, on which nothing is a person's.

        What stood there before earlier strokes, which are undone, says nothing of it any more.
        """
        if self.edits.of(z) is not NOTHING:
            self.edits.predict(z, None)
            self._tell({z})

    # -- predictions -----------------------------------------------------------------------

    def plan(
        self,
        slices: Iterable[tuple[int, npt.NDArray[Any]]],
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
            What `versions` gave, on the session's thread and before this call.
        """
        changes = []
        for z, predicted in slices:
            now, version = np.asarray(self.layer.slice(z)), versions.get(z, 0)
            result = merged(now, predicted, self.edits.of(z), policy)
            if result is None:
                changes.append(_Change(z, version, predicted, is_left=True))
                continue
            difference, kept = difference_of(z, now, result[0]), packed_mask(result[1])
            redrawn = None if kept is None else Packed.of(self.edits.of(z).redrawn(now))
            changes.append(_Change(z, version, predicted, False, difference, kept, redrawn))
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
        if self.layer.unfinished():
            raise LabelsError(
                f"labels: a stroke on {self.layer.name!r} is not finished; let go of the mouse "
                "first"
            )
        late = [(c.z, c.predicted) for c in plan.changes if c.version != self.version(c.z)]
        anew = {c.z: c for c in self.plan(late, plan.policy, self._versions).changes}
        changes = [anew.get(change.z, change) for change in plan.changes]
        return self._write([change for change in changes if not change.is_left])

    def _write(self, changes: list[_Change]) -> tuple[int, ...]:
        slices = tuple(sorted(change.z for change in changes))
        old = {z: self._known(z) for z in slices}
        differences = [change.difference for change in changes if change.difference is not None]
        with self._writing():
            mark = self.layer.write(differences)
        self._loose += [box for each in differences for box in (each.old, each.new)]
        for change in changes:
            self.edits.predict(change.z, change.kept, change.redrawn)
        if mark is not None:
            self._steps.append(_Step(mark, old, {z: self._known(z) for z in slices}))
        self._tell(set(slices))
        return slices

    # -- what happens to the layer -------------------------------------------------------------

    def painted(self, atoms: Sequence[Any]) -> None:
        """A stroke, or another step, was done."""
        self._seen = self.layer.steps()
        if not self._by_program:
            self._touch(atoms)

    def stroke_goes_on(self) -> None:
        """A stroke goes on, of whose end alone `painted` tells."""
        staged = self.layer.unfinished()
        if staged and not self._by_program:
            self._touch(staged, newest=staged[-1:])

    def drawn_anew(self) -> None:
        """The layer is drawn anew; undo and redo do that, and tell of nothing else."""
        undone, redone = self._seen
        self._seen = now = self.layer.steps()
        if now[1] > redone:
            self._replay(self.layer.last_undone(), back=True)
        elif now[1] < redone and now[0] > undone:
            self._replay(self.layer.last_done(), back=False)

    def data_replaced(self) -> None:
        """The whole array was replaced; edits of another shape say nothing of it."""
        self._is_replaced = True
        known, shape = self.edits.slices, self.layer.shape[1:]
        for z in known:
            if z >= self.total or self.edits.of(z).shape not in (None, shape):
                self.edits.predict(z, None)
        self._tell(set(known))

    def _touch(self, atoms: Sequence[Any], newest: Sequence[Any] | None = None) -> None:
        touched = self.layer.slices_of(atoms if newest is None else newest)
        for z in touched:
            self._begin(z, atoms)
            self.edits.settle(z, edited=True)  # until it has been compared
        self._tell(touched)

    def _begin(self, z: int, atoms: Sequence[Any]) -> None:
        """Know what stood on slice ``z`` before a person's first stroke."""
        if self.edits.of(z).baseline is None:
            self.edits.begin(z, self.layer.before(z, atoms))
            baseline = self.edits.of(z).baseline
            assert baseline is not None
            self._loose.append(baseline)

    def _replay(self, atoms: Sequence[Any], *, back: bool) -> None:
        """A step was undone or done again: what it changed has to be looked at."""
        step = next((each for each in self._steps if self.layer.is_of(each.mark, atoms)), None)
        if step is None:
            self._touch(atoms)
            return
        for z, known in (step.old if back else step.new).items():
            self.edits.put(z, known.edits, edited=known.edited)
        self._tell(set(step.old))

    def _take_up_earlier_strokes(self) -> None:
        """What was painted before anybody watched can still be undone."""
        atoms = self.layer.all_done()
        for z in self.layer.slices_of(atoms):
            self._begin(z, atoms)
            self._versions[z] = 1

    def _tell(self, changed: set[int]) -> None:
        for z in changed:
            self._versions[z] = self.version(z) + 1
        self.changed.emit(changed)

    def _is_touched(self, z: int) -> bool:
        version = self.version(z)
        if self._compared.get(z) != version and z < self.total:
            touched = self.edits.of(z).touched(np.asarray(self.layer.slice(z)))
            self.settle(z, version, is_touched=bool(touched.any()))
        return z in self.edits.edited

    def _known(self, z: int) -> _Known:
        return _Known(self.edits.of(z), z in self.edits.edited)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._by_program = True
        try:
            yield
        finally:
            self._by_program = False
