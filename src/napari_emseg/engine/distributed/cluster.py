"""The cluster that a person has named, or one of this machine that lives as long as it is used."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from napari_emseg.errors import SettingError, WorkerError
from napari_emseg.model.hardware.device_choice import visible_gpus

_CONNECT_S = 30
_LOCAL = "127.0.0.1"
_QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.work-stealing": False,
    "distributed.admin.tick.interval": "2s",
    "distributed.admin.system-monitor.interval": "10s",
}
"""What Dask looks at all the while is for those who mend Dask, and takes 6 % of a core."""


@contextmanager
def cluster_of(
    *, workers: int = 0, scheduler: str = "", scheduler_file: str = "", device: str = "auto"
) -> Iterator[Any]:
    """A client of Dask.

    Parameters
    ----------
    workers : int
        So many processes on this machine, which end with the block; each does one block at a time.
    scheduler : str
        Or the address of a scheduler, such as ``tcp://10.0.0.1:8786``.
    scheduler_file : str
        Or the file in which a scheduler has written its address.
    device : str
        On which networks run: each worker of this machine has a GPU of its own.

    Raises
    ------
    WorkerError
        If no scheduler answers, or a port cannot be had.
    MissingPackageError
        If Dask's distributed is not installed.
    """
    from distributed import Client

    where: dict[str, Any] = {"address": scheduler} if scheduler else {}
    if scheduler_file:
        where = {"scheduler_file": scheduler_file}
    if where:
        (said,) = where.values()
        try:
            if scheduler_file:
                _wait_for(Path(scheduler_file))
            client = Client(**where, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise WorkerError(
                f"scheduler {said}: does not answer ({error}); check the address, and that it runs"
            ) from error
        with client:
            yield client
        return
    with (
        _of_this_machine(workers, device) as cluster,
        Client(cluster, set_as_default=False) as made,
    ):
        yield made


def _wait_for(file: Path) -> None:
    """Let a scheduler that has just been started write its file; Dask would wait for ever."""
    end = time.monotonic() + _CONNECT_S
    while not file.exists():
        if time.monotonic() > end:
            raise OSError("there is no such file")
        time.sleep(0.2)


def _of_this_machine(workers: int, device: str) -> Any:
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    places = environments(workers, visible_gpus(), device)
    # memory is the blocks': Dask keeps nothing there that it could spill
    options = {"nthreads": 1, "memory_limit": 0, "host": _LOCAL, "silence_logs": logging.ERROR}
    with dask.config.set(_QUIET):
        return SpecCluster(
            scheduler={
                "cls": Scheduler,
                "options": {"host": _LOCAL, "port": 0, "dashboard_address": f"{_LOCAL}:0"},
            },
            workers={
                k: {"cls": Nanny, "options": {**options, "env": place}}
                for k, place in enumerate(places)
            },
            silence_logs=logging.ERROR,
        )


def environments(workers: int, gpus: Sequence[str], device: str = "auto") -> list[dict[str, str]]:
    """What variables each worker of this machine starts with: a GPU of its own, if there are any.

    Parameters
    ----------
    workers : int
        How many.
    gpus : sequence of str
        Numbers or names of the GPUs that may be used, as CUDA knows them.
    device : str
        ``auto``, ``cpu``, ``gpu``; a GPU that is named (``gpu:1``) is for one worker.

    Raises
    ------
    SettingError
        If there are more workers than GPUs: two networks on one take turns, and each half of its
        memory.
    """
    if device == "cpu" or not gpus:
        return [{} for _ in range(workers)]
    if ":" in device:
        _, _, number = device.partition(":")
        gpus = gpus[int(number) : int(number) + 1]
    if workers > len(gpus):
        raise SettingError(
            f"workers: expected at most {len(gpus)}, one for each GPU, received {workers}; or take "
            "the processor",
            device="cpu",
        )
    return [{"CUDA_VISIBLE_DEVICES": gpu} for gpu in gpus[:workers]]
