"""The cluster that a person has named, or one of this machine that lives as long as it is used."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from napari_emseg.errors import WorkerError

_CONNECT_S = 30


@contextmanager
def cluster_of(
    *, workers: int = 0, scheduler: str = "", scheduler_file: Path | str = ""
) -> Iterator[Any]:
    """A client of Dask.

    Parameters
    ----------
    workers : int
        So many processes on this machine, which end with the block; each does one block at a time.
    scheduler : str
        Or the address of a scheduler, such as ``tcp://10.0.0.1:8786``.
    scheduler_file : path
        Or the file in which a scheduler has written its address.

    Raises
    ------
    WorkerError
        If no scheduler answers, or a port cannot be had.
    MissingPackageError
        If Dask's distributed is not installed.
    """
    from distributed import Client, LocalCluster

    where: dict[str, Any] = {"address": scheduler} if scheduler else {}
    if scheduler_file:
        where = {"scheduler_file": str(scheduler_file)}
    if where:
        (said,) = where.values()
        try:
            client = Client(**where, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise WorkerError(
                f"scheduler {said}: does not answer ({error}); check the address, and that it runs"
            ) from error
        with client:
            yield client
        return
    with (
        # memory is the blocks': Dask keeps nothing there that it could spill
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0,
            dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        yield client
