"""An array of this process segmented by others, by way of files that they reach."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

from napari_emseg.api.arrays import OnSlice
from napari_emseg.engine.jobs import BlocksJob
from napari_emseg.errors import SettingError
from napari_emseg.io.read import read_stack
from napari_emseg.io.scratch import Scratch
from napari_emseg.io.write import write_stack
from napari_emseg.types import AnyPath, ArrayLike, OnEvent, ShouldStop, Stack


def segment_array(
    stack: Stack,
    out: ArrayLike,
    job: BlocksJob,
    folder: AnyPath | None,
    on_event: OnEvent,
    should_stop: ShouldStop,
    *,
    client: Any = None,
    on_slice: OnSlice | None = None,
) -> None:
    """Write a stack where workers reach it, have it segmented in blocks, and fill an array.

    Parameters
    ----------
    stack : Stack
        What is segmented.
    out : (Z, Y, X) array
        What is filled.
    job : BlocksJob
        How, and by whom; its source and output are chosen here.
    folder : path, optional
        Where the files lie until all is there; by default in the cache of this machine.
    on_event, should_stop, client
        As `segment_by_others` takes them.
    on_slice : callable, optional
        Called as ``on_slice(done, total)`` while the result is read.

    Raises
    ------
    SettingError
        If workers run on other machines and no folder is given, or this is one of several parts.
    """
    from napari_emseg.engine.segment.cells_in_blocks import segment_by_others

    if job.shared.part:
        raise SettingError("part: expected workers or a client for an array; parts share a file")
    _require_reachable(job, folder, client)
    with Scratch(folder) as scratch:
        source, result = (scratch.folder / f"{name}.zarr" for name in ("image", "result"))
        write_stack(source, stack)
        files = replace(job.segment, source=source, out=str(result))
        segment_by_others(replace(job, segment=files), on_event, should_stop, client=client)
        made = read_stack(result, kind="labels", raw_values=True)
        for z in range(len(made)):
            out[z] = made.slice(z)
            if on_slice is not None:
                on_slice(z + 1, len(made))


def _require_reachable(job: BlocksJob, folder: AnyPath | None, client: Any) -> None:
    if folder is not None or job.shared.workers:
        return
    here = socket.gethostname()
    hosts = {here} if client is None else {*client.run(socket.gethostname).values()}
    if client is None or hosts - {here}:
        raise SettingError(
            "folder: expected one that the workers of all machines reach, for image and result, "
            f"received none; they run on {', '.join(sorted(hosts))}"
        )
