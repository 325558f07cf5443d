"""Keeps what a person paints, on disk as well, for as long as it is not saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_emseg.core.correct.edits import Edits, SliceEdits
from napari_emseg.core.correct.packed import Packable
from napari_emseg.io.recovery import PaintedSlice, Recovery, left_behind
from napari_emseg.session.executor import Executor
from napari_emseg.session.painting.edit_tracker import EditTracker

_CALM_S = 1.0
"""How long after a stroke it is written; strokes meanwhile do not put it off."""


@dataclass(frozen=True)
class _Due:
    """A slice that is to be written, and what was known of it; its labels are not copied yet."""

    known: SliceEdits
    labels: npt.NDArray[Any]


@dataclass(eq=False)
class _Kept:
    """A layer, where it is kept, and the version of each slice that was written there."""

    tracker: EditTracker
    recovery: Recovery = field(default_factory=Recovery.new)
    written: dict[int, int] = field(default_factory=dict)
    is_on_disk: bool = False

    def due(self) -> set[int]:
        """Slices that are to be looked at: where nothing is on disk, all that are edited."""
        seen = self.tracker.versions().keys() | self.written.keys()
        due = {z for z in seen if self.tracker.version(z) != self.written.get(z, 0)}
        return due | set(self.tracker.edits.slices) if due and not self.is_on_disk else due

    def take_due(self) -> dict[int, int]:
        """The versions of slices that are due, which they are no more."""
        taken = {z: self.tracker.version(z) for z in sorted(self.due())}
        self.written |= taken
        return taken


class Autosave:
    """Writes painted slices of all layers of a viewer to recoveries.

    Only slices that are edited or reviewed are copied, and that in a lane, as are comparing,
    compressing and writing.

    Parameters
    ----------
    executor : Executor
        Runs the lane, and calls within a second after a stroke.
    warn : callable
        Called with a sentence where painted labels cannot be kept safe.

    Attributes
    ----------
    offers_changed : psygnal.Signal
        Emitted when there is something else to restore.
    removed : list of Recovery
        What was painted on layers that a person has removed since.
    """

    offers_changed = Signal()

    def __init__(self, executor: Executor, warn: Callable[[str], object]) -> None:
        self._warn = warn
        self._kept: dict[EditTracker, _Kept] = {}
        self.removed: list[Recovery] = []
        self.lane = executor.lane("autosave")
        self._soon = executor.timer(self.write, _CALM_S)
        self._is_failing = self._is_closed = False

    # -- layers ----------------------------------------------------------------------------

    def add(self, tracker: EditTracker) -> None:
        """Keep a layer from now on."""
        self._kept[tracker] = _Kept(tracker)
        tracker.changed.connect(self._start)
        if self._kept[tracker].due():  # painted on before anybody watched
            self._start()

    def remove(self, tracker: EditTracker) -> None:
        """A layer was removed, known or not; what is not saved of it can be restored."""
        kept = self._kept.pop(tracker, None)
        if kept is None:
            return
        tracker.changed.disconnect(self._start)
        if tracker.edits.slices and (kept.is_on_disk or kept.due()):
            self._submit(kept)
            # once that is written
            self.lane.run(lambda: kept.recovery.is_empty, partial(self._offer, kept.recovery))
        else:
            self.lane.run(kept.recovery.discard)

    def adopt(self, tracker: EditTracker, recovery: Recovery) -> None:
        """A layer was made of a recovery, which goes on with it."""
        kept = self._kept[tracker]
        kept.recovery, kept.is_on_disk = recovery, True
        for z in tracker.edits.slices:
            kept.written[z] = -1  # none that there is
        self._start()
        self.offers_changed.emit()

    def saved(self, edits: Edits) -> None:
        """Labels with these edits were saved, and need not be recovered."""
        for kept in self._kept.values():
            if kept.tracker.edits is edits:
                kept.take_due()
                kept.is_on_disk = False
                self.lane.run(kept.recovery.discard)

    # -- what can be restored --------------------------------------------------------------

    @property
    def unsaved(self) -> list[str]:
        """Names of the layers with painting that no file of a person's holds."""
        return [
            kept.tracker.layer.name
            for kept in self._kept.values()
            if kept.tracker.edits.slices and (kept.is_on_disk or kept.due())
        ]

    def left_behind(self) -> list[Recovery]:
        """What can be restored: of removed layers, and of processes that have ended."""
        return [*self.removed, *left_behind()]

    def claim(self, recovery: Recovery) -> Recovery:
        """Take over what is restored, under the name it has from then on.

        Raises
        ------
        ReadError
            If it is gone: another window was faster.
        """
        mine = recovery.claim()
        if recovery in self.removed:
            self.removed.remove(recovery)
        return mine

    def forget(self, recovery: Recovery) -> None:
        """Nobody wants it back."""
        if recovery in self.removed:
            self.removed.remove(recovery)
        self.lane.run(recovery.discard)
        self.lane.wait()
        self.offers_changed.emit()

    # -- writing ---------------------------------------------------------------------------

    def write(self) -> None:
        """Write what has changed since the last time; by itself within a second or so."""
        for kept in self._kept.values():
            if kept.due():
                self._submit(kept)

    def wait(self) -> None:
        """Until all of it is on disk."""
        self.write()
        self.lane.wait()

    def close(self) -> None:
        """The window was closed: what is not saved is written, and offered by the next one."""
        if self._is_closed:
            return
        self._is_closed = True
        self._soon.stop()
        self.wait()
        self.lane.stop()
        for tracker in self._kept:
            tracker.changed.disconnect(self._start)
        self._kept.clear()

    def _start(self, _: object = None) -> None:
        if not self._soon.is_active:
            self._soon.start()

    def _submit(self, kept: _Kept) -> None:
        tracker, edits = kept.tracker, kept.tracker.edits
        versions = kept.take_due()
        kept.is_on_disk = bool(edits.slices)
        about = _about(tracker) if kept.is_on_disk else None
        kept_slices = set(edits.slices)
        slices = {
            z: _Due(edits.of(z), tracker.layer.slice(z)) if z in kept_slices else None
            for z in versions
            if z < tracker.total
        }
        self.lane.run(
            partial(_write, kept.recovery, about, slices, tracker.take_loose()),
            partial(self._settle, kept, versions),
            partial(self._fail, kept, versions),
        )

    def _settle(self, kept: _Kept, versions: dict[int, int], touched: dict[int, bool]) -> None:
        """Slices on which nothing is touched any more do not count as edited."""
        self._is_failing = False
        for z, is_touched in touched.items():
            kept.tracker.settle(z, versions[z], is_touched=is_touched)
        if kept.is_on_disk and not kept.tracker.edits.slices:
            kept.is_on_disk = False
            self.lane.run(kept.recovery.discard)

    def _fail(self, kept: _Kept, versions: dict[int, int], message: str) -> None:
        """Say once that nothing can be written, and try again with the next stroke."""
        for z in versions:
            kept.written[z] = -1
        if not self._is_failing:
            self._warn(f"Painted labels cannot be kept safe: {message}. Save them yourself.")
        self._is_failing = True

    def _offer(self, recovery: Recovery, is_empty: bool) -> None:
        if not is_empty:
            self.removed.append(recovery)
            self.offers_changed.emit()


def _about(tracker: EditTracker) -> dict[str, Any]:
    edits = tracker.edits
    about = {**tracker.layer.about(), "reviewed": list(edits.reviewed)}
    return about if edits.decisions is None else {**about, "decisions": edits.decisions}


def _write(
    recovery: Recovery,
    about: dict[str, Any] | None,
    slices: dict[int, _Due | None],
    loose: Iterable[Packable],
) -> dict[int, bool]:
    """In the lane: keep slices that are touched or reviewed, forget others; which are touched."""
    for each in loose:
        each.pack()
    if about is None:
        recovery.discard()
        return dict.fromkeys(slices, False)
    is_touched: dict[int, bool] = {}

    def painted() -> Iterator[tuple[int, PaintedSlice | None]]:
        for z, due in slices.items():
            kept = None if due is None else _copied(due)
            is_touched[z] = kept is not None and bool(kept.touched.any())
            is_worth_it = is_touched[z] or (due is not None and due.known.reviewed)
            yield z, kept if is_worth_it else None

    recovery.write(about, painted())
    return is_touched


def _copied(due: _Due) -> PaintedSlice:
    labels = np.array(due.labels)  # a person paints on
    return PaintedSlice(labels, due.known.touched(labels), due.known.redrawn(labels))
