"""The trainings on this machine, and which of them are drawn over one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from psygnal import Signal, SignalGroupDescriptor

from napari_emseg.errors import EmsegError
from napari_emseg.io.folders import runs_folder
from napari_emseg.model.train.records import Record, list_records, read_record
from napari_emseg.session.executor import Executor

_FIRST_SHOWN = 3


@dataclass(eq=False)
class TrainingRuns:
    """Records of trainings: those that a person has added, and those that lie on this machine.

    Attributes
    ----------
    records : tuple of Record
        All of them.
    shown : frozenset of Path
        Folders of those whose curves are drawn.
    is_read : bool
        Whether anybody has looked what there is.
    warned : psygnal.Signal
        Emitted with a text that says why a folder holds no training.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()
    warned: ClassVar[Signal] = Signal(str)

    executor: Executor
    records: tuple[Record, ...] = ()
    shown: frozenset[Path] = frozenset()
    is_read: bool = False

    def __post_init__(self) -> None:
        self._added: list[Record] = []
        self._lane = self.executor.lane("training-runs")

    def look(self) -> None:
        """Read what there is."""
        self._lane.latest(lambda: list_records(runs_folder()), self._take, self.warned.emit)

    def add(self, folder: Path) -> None:
        """Add the training of a run folder or a model, and show it."""
        try:
            record = read_record(folder)
        except EmsegError as error:
            self.warned.emit(str(error))
            return
        if record not in self._added:
            self._added.append(record)
        self._take([each for each in self.records if each not in self._added])
        self.show(folder, True)

    def show(self, folder: Path, shown: bool) -> None:
        """Draw the curves of a training, or leave them out."""
        self.shown = self.shown | {folder} if shown else self.shown - {folder}

    @property
    def drawn(self) -> list[int]:
        """Which records are drawn."""
        return [k for k, each in enumerate(self.records) if each.folder in self.shown]

    def close(self) -> None:
        """Read nothing any more."""
        self._lane.stop()

    def _take(self, records: Sequence[Record]) -> None:
        is_first = not self.records
        found = (*self._added, *(each for each in records if each not in self._added))
        if is_first:
            self.shown = frozenset(each.folder for each in found[:_FIRST_SHOWN])
        self.records, self.is_read = found, True
