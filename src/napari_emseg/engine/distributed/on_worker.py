"""What a worker of Dask does: checks that it is like the client, and then blocks."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import dask

from napari_emseg.engine.distributed.stage import BlockDone, Stage, do_block, require_same
from napari_emseg.io.volumes.place import Place


class AboutWorker(NamedTuple):
    """What the client asks of each worker.

    Parameters
    ----------
    host : str
        Its machine.
    cores : tuple of int
        The processor cores that it may use.
    same : mapping
        What `Stage.same` gives there.
    """

    host: str
    cores: tuple[int, ...]
    same: Mapping[str, str]


def about(stage: Stage) -> AboutWorker:
    """What this process is, and what it has of what a stage needs."""
    return AboutWorker(socket.gethostname(), _cores(), dict(stage.same()))


def do_blocks(
    stage: Stage, place: Place, blocks: Sequence[int], threads: int, expected: Mapping[str, str]
) -> list[BlockDone]:
    """Do blocks one after the other, with so many threads.

    Parameters
    ----------
    stage : Stage
        Whose blocks.
    place : Place
        Where the run is kept.
    blocks : sequence of int
        Their numbers.
    threads : int
        How many threads a block may take.
    expected : mapping
        What `Stage.same` gives at the client; a worker that came late is looked at as well.

    Raises
    ------
    WorkerError
        If this process has something else.
    """
    _prepare(threads)
    require_same(expected, _same(stage.name, tuple(sorted(expected.items())), stage), _name())
    # what is read lazily is read here: Dask would hand it to the cluster and begin another task
    with dask.config.set(scheduler="threads", num_workers=threads):
        return [do_block(stage, place, block) for block in blocks]


def threads_each(workers: Mapping[str, AboutWorker], tasks: Mapping[str, int]) -> int:
    """How many threads each block may take, so that those of one machine do not fight.

    Parameters
    ----------
    workers : mapping
        Workers by address.
    tasks : mapping
        How many blocks each does at once.

    Returns
    -------
    int
        At least 1; that of the machine with the fewest.
    """
    cores: dict[str, set[int]] = {}
    busy: dict[str, int] = {}
    for address, worker in workers.items():
        cores.setdefault(worker.host, set()).update(worker.cores)
        busy[worker.host] = busy.get(worker.host, 0) + tasks.get(address, 1)
    return max(1, min((len(cores[host]) // busy[host] for host in cores), default=1))


@lru_cache(maxsize=1)
def _prepare(threads: int) -> None:
    """Have the libraries of this process take so many threads."""
    import cv2

    from napari_emseg.model.hardware.threads import use_threads

    cv2.setNumThreads(threads)
    use_threads(threads)


_SAME: dict[Any, Mapping[str, str]] = {}


def _same(name: str, expected: tuple[tuple[str, str], ...], stage: Stage) -> Mapping[str, str]:
    """What a stage needs, looked at once a process: hashing weights takes a while."""
    if (name, expected) not in _SAME:
        _SAME[name, expected] = stage.same()
    return _SAME[name, expected]


def _cores() -> tuple[int, ...]:
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def _name() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"
