"""How far a stage is, told to a person and written down block by block."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import asdict

from napari_emseg.engine.distributed.stage import BlockDone, Stage
from napari_emseg.errors import WorkerError
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Log, OnEvent, Progress

_NAMED = 5
"""Blocks that failed are named up to so many; the log has all."""
_LOG_EVERY_S = 5.0


class Account:
    """Counts the blocks of a stage, tells how far it is, and keeps the log.

    The log lies in ``log/`` beside the ledger, a line of JSON for each block, one file for each
    process that hands out blocks.

    Parameters
    ----------
    stage : Stage
        Whose blocks.
    place : Place
        Where the run is kept.
    todo : int
        Blocks that are to be done.
    on_event : callable
        Receives a `Progress` after each block, and `Log` for what a person should read.
    """

    def __init__(self, stage: Stage, place: Place, todo: int, on_event: OnEvent) -> None:
        self._stage, self._place, self._emit = stage, place, on_event
        self._todo, self._done, self._busy = todo, 0, 0.0
        self._failed: list[BlockDone] = []
        self._said: set[str] = set()
        self._lines: list[str] = []
        self._start = self._written = time.monotonic()
        self._told_hours = False
        self._log = f"log/{stage.name}-{socket.gethostname()}-{os.getpid()}.jsonl"

    def begin(self, workers: str = "") -> None:
        """Tell what the stage will cost; of a few blocks there is nothing to tell."""
        stage, share = self._stage, self._todo / max(1, self._stage.count)
        done = stage.count - self._todo
        parts = [f"{self._todo:,} of {stage.count:,} blocks" if done else f"{self._todo:,} blocks"]
        for verb, total in (("to read", stage.read_bytes), ("to write", stage.written_bytes)):
            if total:
                parts.append(f"{_bytes(total * share)} {verb}")
        by = f", {workers}" if workers else ""
        self._emit(Log(f"{stage.name}: {', '.join(parts)}{by}."))
        self._emit(Progress(0, self._todo, f"blocks of {stage.name}"))

    def add(self, block: BlockDone, workers: int = 1) -> None:
        """Count a block that has ended, well or badly."""
        self._done += 1
        self._busy += block.seconds
        self._write(block)
        if block.error:
            self._failed.append(block)
            self._emit(Log(f"{self.title(block)} failed: {block.error}"))
        for sentence in block.said:
            if sentence not in self._said and len(self._said) < 1000:
                self._said.add(sentence)
                self._emit(Log(sentence))
        left = (time.monotonic() - self._start) / self._done * (self._todo - self._done)
        if not self._told_hours and self._done >= 2 * workers and left > 60:
            self._told_hours = True
            self._emit(Log(f"{self._stage.name}: {_duration(left)} at the present rate."))
        by = "" if workers == 1 else f", {workers} workers"
        self._emit(Progress(self._done, self._todo, f"blocks of {self._stage.name}{by}", left))

    def say(self, sentence: str) -> None:
        """Tell a person something."""
        self._emit(Log(sentence))

    def title(self, block: BlockDone) -> str:
        """What a person calls a block: its stage, number and place."""
        return f"{self._stage.name}, block {block.block} ({self._stage.title(block.block)})"

    def seconds_per_block(self) -> float | None:
        """How long a block takes a worker, in the mean; None before the first one."""
        return self._busy / self._done if self._done else None

    def end(self) -> None:
        """Write what is left of the log, and name the blocks that failed.

        Raises
        ------
        WorkerError
            If there are any.
        """
        self.flush()
        if not self._failed:
            return
        named = "; ".join(f"{self.title(each)}: {each.error}" for each in self._failed[:_NAMED])
        more = len(self._failed) - _NAMED
        raise WorkerError(
            f"{len(self._failed)} of {self._todo} blocks failed, all others are done: {named}"
            f"{f'; and {more} more' if more > 0 else ''}; see {self._place}/{self._log}, mend the "
            "cause and go on",
            resume=True,
        )

    def flush(self) -> None:
        """Write what is left of the log."""
        if self._lines:
            self._place.append(self._log, "".join(self._lines).encode())
            self._lines.clear()
        self._written = time.monotonic()

    def _write(self, block: BlockDone) -> None:
        about = {key: value for key, value in asdict(block).items() if value not in ("", ())}
        title = self._stage.title(block.block)
        line = {"at": round(time.time(), 2), "stage": self._stage.name, "title": title, **about}
        self._lines.append(json.dumps(line) + "\n")
        if time.monotonic() - self._written > _LOG_EVERY_S:
            self.flush()


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} PB"


def _duration(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.1f} hours"
