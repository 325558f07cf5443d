"""Who does the blocks: chosen by what a person has said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.engine.distributed.here import Here
from napari_emseg.engine.distributed.stage import Stages
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import OnEvent, ShouldStop

_Result = TypeVar("_Result")


class Runner(Protocol):
    """Does stages block by block, such as `Here` and `OnDask`."""

    def run(
        self,
        stages: Stages,
        place: Place,
        on_event: OnEvent = ...,
        should_stop: ShouldStop = ...,
    ) -> bool:
        """Do what is not done yet; see `Here.run`."""
        ...


@contextmanager
def runner_for(config: BlocksConfig, client: Any = None, device: str = "auto") -> Iterator[Runner]:
    """Who does the blocks.

    Parameters
    ----------
    config : BlocksConfig
        What a person has said.
    client : distributed.Client, optional
        Of a cluster that is there, in place of all of that.
    device : str
        On which networks run: workers of this machine share its GPUs, if it has any.

    Raises
    ------
    WorkerError, SettingError
        As `cluster_of`.
    """
    if client is None and not config.is_cluster:
        yield Here(*config.share)
        return
    from napari_emseg.engine.distributed.cluster import cluster_of
    from napari_emseg.engine.distributed.on_dask import OnDask

    if client is not None:
        yield OnDask(client)
        return
    with cluster_of(
        workers=config.workers, scheduler=config.scheduler, scheduler_file=config.scheduler_file,
        device=device,
    ) as made:  # fmt: skip
        yield OnDask(made, revives=bool(config.workers))


def do_in_blocks(
    do: Callable[..., _Result], job: Any, shared: BlocksConfig, client: Any, device: str,
    *watched: Any,
) -> _Result:  # fmt: skip
    """Have ``do`` do a job by those whom a person has named.

    Parameters
    ----------
    do : callable
        Takes the job, the runner, ``watched`` and whether others may be at it.
    job : SegmentJob or CellsJob
        What to do.
    shared, client, device
        As `runner_for` takes them.
    *watched
        Who hears of it, and who may stop it.
    """
    with runner_for(shared, client, device) as runner:
        return do(job, runner, *watched, joins=bool(shared.part))
