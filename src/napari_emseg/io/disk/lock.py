"""One owner at a time for what is written: an output, a run folder."""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import as_write_error, write_atomically
from napari_emseg.io.disk.processes import is_alive, is_here, this_process

LOCK = ".napari-emseg-lock"
"""Lies in a folder that is written to; beside a file, with its name before it."""

_TICK_S, _PATIENCE_S = 0.01, 1.0


class HeldError(WriteError):
    """Another process writes there."""


@dataclass(frozen=True)
class Owner:
    """Who holds a lock.

    Parameters
    ----------
    by : str
        What it does, by the name of the command.
    process : list
        As `processes.this_process` names it.
    since : str
        When it took the lock, to the minute.
    token : str
        Tells several locks of one process apart.
    """

    by: str
    process: list[Any]
    since: str
    token: str

    @classmethod
    def now(cls, by: str) -> Owner:
        """One that takes it now, in this process."""
        now = datetime.now().astimezone()
        return cls(by, this_process(), f"{now:%Y-%m-%d %H:%M}", secrets.token_hex(8))

    @classmethod
    def of(cls, text: str) -> Owner | None:
        """Who stands in a lock's text; None where it is not complete."""
        try:
            owner = cls(**json.loads(text))
            number, _, machine = owner.process
        except (ValueError, TypeError):
            return None
        return owner if isinstance(number, int) and isinstance(machine, str) else None

    @property
    def text(self) -> str:
        """What stands in the lock."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        number, _, machine = self.process
        return f"process {number} on {machine} since {self.since}"


class Lock:
    """Has a place for one process at a time; that of a process that was killed is taken over.

    The folder in which it lies is made where there is none, and goes with the lock if nothing was
    put there.

    Parameters
    ----------
    place : Path
        What is written to.
    is_folder : bool
        Whether that is a folder.
    by : str
        What this process does there, by the name of the command.
    what : str
        What the place is called.

    Examples
    --------
    >>> with Lock(Path("out.tif"), is_folder=False, by="predict"):
    ...     ...  # no other process is in here
    """

    def __init__(self, place: Path, *, is_folder: bool, by: str, what: str = "output") -> None:
        self._place, self._by, self._what = place, by, what
        self.path = place / LOCK if is_folder else place.with_name(f".{place.name}{LOCK}")
        self._mine: Owner | None = None
        self._made: list[Path] = []

    @property
    def holder(self) -> Owner | None:
        """Who holds it and lives, or may do so on another machine."""
        owner = Owner.of(_text(self.path) or "")
        return owner if owner is not None and is_alive(owner.process) else None

    def refuse_others(self) -> None:
        """Raise `HeldError` where somebody holds it; nothing is changed."""
        with as_write_error(self._place):
            holder = self.holder
        if holder is not None:
            raise HeldError(self._refusal(holder))

    def take(self) -> None:
        """Hold it until `release`.

        Raises
        ------
        HeldError
            If another holds it.
        WriteError
            If nothing can be written there.
        """
        me = Owner.now(self._by)
        folder = self.path.parent
        self._made = [each for each in (folder, *folder.parents) if not each.exists()]
        with as_write_error(self._place):
            holder = _take(self.path, me)
        if holder != me:
            raise HeldError(self._refusal(holder))
        self._mine = me

    def release(self) -> None:
        """Let others have it; harmless where it is not held."""
        if self._mine is None:
            return
        with contextlib.suppress(OSError):
            if _text(self.path) == self._mine.text:
                self.path.unlink()
            for folder in self._made:
                folder.rmdir()  # an error, and the end, where something was put there
        self._mine = None

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def _refusal(self, holder: Owner) -> str:
        ways_out = "wait until it is done, or choose another place"
        if is_here(holder.process):
            is_writing = f"{holder.by} is writing this {self._what} already ({holder})"
            return f"{self._place}: {is_writing}; {ways_out}"
        return (
            f"{self._place}: {holder.by} was begun in this {self._what} on another machine "
            f"({holder}), and nobody here can tell whether it still runs; {ways_out}; if it was "
            f"stopped, delete {self.path} and try again"
        )


def _take(path: Path, me: Owner) -> Owner:
    """Who holds the lock now: ``me``, or another who lives."""
    patient_until = time.monotonic() + _PATIENCE_S
    while not _create(path, me):
        if (text := _text(path)) is None:  # released just now
            continue
        owner = Owner.of(text)
        if owner is not None and is_alive(owner.process):
            return owner
        # not complete: it is being written just now, or its writer was killed over it
        if owner is None and time.monotonic() < patient_until:
            time.sleep(_TICK_S)
        elif _take_over(path, text, me):
            break
    return me


def _create(path: Path, me: Owner) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = path.open("x", encoding="utf-8")
    except (FileExistsError, FileNotFoundError):  # or the folder is gone again
        return False
    try:
        with file:
            file.write(me.text)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return _text(path) == me.text


def _take_over(path: Path, dead: str, me: Owner) -> bool:
    """Whether ``me`` has replaced the lock of a process that is gone.

    Two that try may not remove each other's, so this is itself done under a lock, by one at a time.
    """
    guard = path.with_name(f"{path.name}-next")
    if _take(guard, me) != me:
        time.sleep(_TICK_S)
        return False
    try:
        if _text(path) != dead:
            return False
        write_atomically(path, lambda to: to.write_text(me.text, encoding="utf-8"))
        return True
    finally:
        guard.unlink(missing_ok=True)


def _text(path: Path) -> str | None:
    """What stands in a lock; None where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
