"""Stages of work on a volume: so many blocks, each done by a call that others can make as well."""

from __future__ import annotations

import os
import platform
import socket
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from napari_emseg import __version__
from napari_emseg.errors import CancelledError, EmsegError, WorkerError
from napari_emseg.io.volumes.ledger import Ledger
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import ShouldStop

Do: TypeAlias = Callable[[int], Sequence[str] | None]
"""Does a block by its number; gives sentences that a person should read, if there are any."""


def versions() -> dict[str, str]:
    """What results depend on besides settings, and so must be the same in all processes."""
    return {
        "napari-emseg": __version__,
        "numpy": np.__version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
    }


def number(block: int) -> str:
    """What a block is called that has no better name."""
    return f"block {block}"


@dataclass(frozen=True)
class Stage:
    """Blocks that may be done in any order, by any process, and again: the result is the same.

    Everything in it can be pickled. What a block writes nobody else writes, and it is there when
    `do` returns; only then the block is marked.

    Parameters
    ----------
    name : str
        Of its folder in the ledger, such as ``predict``; it never changes.
    count : int
        How many blocks there are.
    do : callable
        Reads, computes and writes a block; see `Do`. It lets `EmsegError` and all else through.
    title : callable
        What a person calls a block, such as ``z 0:64``.
    same : callable
        What must be the same on all machines, by name: `versions`, and hashes of what is used.
    is_for_all : bool
        Whether the client does it, as it looks at the results of all blocks; count is then 1
        mostly.
    read_bytes, written_bytes : float
        Of all blocks together, as stored in memory; to tell what it costs.
    """

    name: str
    count: int
    do: Do
    title: Callable[[int], str] = number
    same: Callable[[], Mapping[str, str]] = versions
    is_for_all: bool = False
    read_bytes: float = 0
    written_bytes: float = 0


Stages: TypeAlias = Iterable[Stage]
"""One after the other; the next one is asked for when all blocks of the one before are done."""


@dataclass(frozen=True)
class BlockDone:
    """How a block ended.

    Parameters
    ----------
    block : int
        Its number.
    seconds : float
        How long it took; 0 where it was done already.
    by : str
        Machine and process.
    said : tuple of str
        Sentences for a person.
    error : str
        Why it failed, in a line; empty where it did not.
    details : str
        The traceback of an error that nobody foresaw.
    """

    block: int
    seconds: float = 0
    by: str = ""
    said: tuple[str, ...] = ()
    error: str = ""
    details: str = ""


def do_block(stage: Stage, place: Place, block: int) -> BlockDone:
    """Do a block unless it is done, and mark it.

    Parameters
    ----------
    stage : Stage
        Whose block.
    place : Place
        Where the run is kept.
    block : int
        Its number.

    Returns
    -------
    BlockDone
        Also of a block that failed; nothing is raised but what stops the whole process.
    """
    ledger, by = Ledger(place, stage.name), _me()
    start = time.monotonic()
    try:
        if ledger.is_done(block):
            return BlockDone(block, by=by)
        said = tuple(stage.do(block) or ())
        seconds = time.monotonic() - start
        ledger.mark(block, {"by": by, "seconds": round(seconds, 3), "at": time.time()})
    except CancelledError:
        raise
    except EmsegError as error:
        return BlockDone(block, time.monotonic() - start, by, error=str(error))
    except Exception as error:  # noqa: BLE001  the other blocks go on, and this one is named
        said_in_short = f"{type(error).__name__}: {error}"
        details = traceback.format_exc()
        return BlockDone(block, time.monotonic() - start, by, error=said_in_short, details=details)
    return BlockDone(block, seconds, by, said)


def refuse_stopped(stage: Stage, should_stop: ShouldStop) -> None:
    """Raise `CancelledError` where a stage is to be stopped."""
    if should_stop():
        raise CancelledError(
            f"Stopped in {stage.name}; finished blocks are kept, to go on from.", resume=True
        )


def require_same(expected: Mapping[str, str], found: Mapping[str, str], where: str) -> None:
    """Raise `WorkerError` where a worker has something else than the client.

    Parameters
    ----------
    expected, found : mapping
        What `Stage.same` gives, here and there.
    where : str
        What the worker is called.
    """
    for name, value in expected.items():
        if found.get(name) != value:
            raise WorkerError(
                f"worker {where}: expected {name} {value}, as here, received "
                f"{found.get(name, 'none')}; install the same there, or have both take one folder"
            )


@lru_cache(maxsize=1)
def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
