"""Files that are done in blocks: whether a person wants it, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.io.layout.location import Location
from napari_emseg.types import AnyPath

_Result = TypeVar("_Result")


def is_in_blocks(shared: BlocksConfig, client: Any, out: AnyPath) -> bool:
    """Whether an output is made in blocks: somebody is to do them, or it lies at an address."""
    return client is not None or shared.is_said or Location.of(out).is_remote


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
        As `engine.distributed.runners.runner_for` takes them.
    *watched
        Who hears of it, and who may stop it.
    """
    from napari_emseg.engine.distributed.runners import runner_for

    with runner_for(shared, client, device) as runner:
        return do(job, runner, *watched, joins=bool(shared.part))
