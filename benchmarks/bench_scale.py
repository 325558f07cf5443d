"""Volumes in blocks: what handing them out costs, in time and memory, and what is read.

    python benchmarks/bench_scale.py nothing     # blocks of nothing: seconds and memory
    python benchmarks/bench_scale.py read        # bytes that leave the store, and those planned
    python benchmarks/bench_scale.py memory      # client and scheduler, for 30 to 3,000 slices
    python benchmarks/bench_scale.py time        # 64 x 2048 x 2048: one process, 1 and 2 workers

``time`` wants a machine with nothing else on it; one process is held to one core for it
(``taskset``), as are the workers, to a core each.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import zarr
from peak import Peak

import napari_emseg as em
from napari_emseg.core.blocks.plan import plan_blocks
from napari_emseg.engine.distributed.cluster import cluster_of
from napari_emseg.engine.distributed.on_dask import OnDask
from napari_emseg.engine.distributed.stage import Stage
from napari_emseg.io.volumes.place import Place

SHAPE = (64, 2048, 2048)
ENDS = (1.08, 1.7)


def nothing(_block: int) -> None:
    """A block that costs what blocks cost."""


@contextmanager
def scheduler_alone() -> Iterator[tuple[str, int]]:
    """A scheduler in a process of its own, with 2 workers: address of its file, its number."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/scheduler.json"
        python = [sys.executable, "-m"]
        scheduler = [*python, "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard"]
        workers = [*python, "distributed.cli.dask_worker", "--nworkers", "2", "--nthreads", "1"]
        quiet: Any = {"stderr": subprocess.DEVNULL, "cwd": folder}
        started = [subprocess.Popen([*scheduler, "--scheduler-file", file], **quiet)]
        try:
            started.append(subprocess.Popen(
                [*workers, "--no-dashboard", "--scheduler-file", file], **quiet
            ))  # fmt: skip
            while not Path(file).exists():
                time.sleep(0.1)
            yield file, started[0].pid
        finally:
            for each in reversed(started):
                each.terminate()
                each.wait(30)


def bench_nothing(counts: list[int]) -> None:
    """Seconds and memory of blocks of nothing; a fresh cluster for each number of them."""
    for count in counts:
        with (
            scheduler_alone() as (file, pid),
            cluster_of(scheduler_file=file) as client,
            tempfile.TemporaryDirectory() as folder,
        ):
            client.wait_for_workers(2)
            run, stage = Place(folder), Stage("nothing", count, nothing)
            OnDask(client).run([Stage("first", 10, nothing)], run)
            with Peak(client=os.getpid(), scheduler=pid) as peak:
                start = time.perf_counter()
                OnDask(client).run([stage], run)
                seconds = time.perf_counter() - start
            print(
                f"{count:7,} blocks of nothing: {seconds:6.1f} s ({1e3 * seconds / count:.2f} ms "
                f"each); client {peak.mib['client']:.0f} MiB, scheduler "
                f"{peak.mib['scheduler']:.0f} MiB",
                flush=True,
            )


def bench_read() -> None:
    """Bytes that are asked of a zarr's files, in relation to those of the volume as stored."""
    from zarr.storage import LocalStore

    with tempfile.TemporaryDirectory() as folder:
        for name, shape, chunks in (
            ("chunks of a slice", (16, 1024, 1024), (1, 512, 512)),
            ("chunks of 32 slices", (64, 512, 512), (32, 128, 128)),
        ):
            source = Path(folder) / f"{name}.zarr"
            array = zarr.create_array(
                source, shape=shape, chunks=chunks, dtype="uint8", compressors=None
            )
            array[:] = tissue(shape)
            counted = [0]
            get = LocalStore.get

            async def count(self: Any, key: str, *a: Any, **k: Any) -> Any:
                found = await get(self, key, *a, **k)  # noqa: B023
                if found is not None and str(self.root).endswith(source.name) and "c/" in key:  # noqa: B023
                    counted[0] += len(found)  # noqa: B023
                return found

            with patch.object(LocalStore, "get", count):
                em.segment_file(
                    source, f"{folder}/out.zarr", output="mask", part="1/1", membranes="dark",
                    overwrite=False,
                )  # fmt: skip
            Place(f"{folder}/out.zarr").remove()
            planned = plan_blocks(shape, read=chunks, write=(1, *shape[1:])).read(chunks)
            print(
                f"{name:24} read {counted[0] / math.prod(shape):.3f} of the volume (planned "
                f"{planned:.3f})",
                flush=True,
            )
    for name, shape, chunks in (
        ("1 TB, 4096 px", (60_000, 4096, 4096), (64, 64, 64)),
        ("100 TB, 30,000 px", (111_000, 30_000, 30_000), (64, 64, 64)),
        ("100 TB, sections", (10_000, 100_000, 100_000), (1, 1024, 1024)),
        ("1 PB, 100,000 px", (100_000, 100_000, 100_000), (64, 64, 64)),
    ):
        blocks = plan_blocks(shape, read=chunks, write=(1, 4096, 4096), halo=(0, 75, 75), grain=16)
        print(
            f"{name:24} {len(blocks):9,} blocks of {blocks.size}, {blocks.read(chunks):.3f} of the "
            "volume is read (planned)"
        )


def bench_memory(counts: list[int]) -> None:
    """Memory of client and scheduler at their highest, for stacks of 128 x 128 px in 2 workers.

    Each line has a client and a scheduler of its own. ``cells`` holds the graph in the client,
    ``measure`` and ``evaluate`` the tables.
    """
    for count in counts:
        for step in ("mask", "cells", "measure", "evaluate"):
            done = subprocess.run(
                [sys.executable, __file__, "memory-of", "--step", step, "--slices", str(count)],
                check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            )  # fmt: skip
            print(done.stdout.strip(), flush=True)


def memory_of(step: str, slices: int) -> None:
    """One line of `bench_memory`, in a process of its own."""
    with (
        scheduler_alone() as (file, pid),
        cluster_of(scheduler_file=file) as client,
        tempfile.TemporaryDirectory() as folder,
    ):
        client.wait_for_workers(2)
        size = (30.0, 4.0, 4.0)
        if step == "mask":
            stack = em.Stack(tissue((slices, 128, 128)), size)
        else:
            stack = em.Stack((repeated if step == "cells" else boxes)(slices), size, kind="labels")
        em.write_stack(f"{folder}/in.zarr", stack)
        del stack
        steps = {
            "mask": lambda: em.segment_file(
                f"{folder}/in.zarr", f"{folder}/out.zarr", output="mask", client=client
            ),
            "cells": lambda: em.cells_file(
                f"{folder}/in.zarr", f"{folder}/out.zarr", client=client
            ),
            "measure": lambda: em.measure_file(
                f"{folder}/in.zarr", f"{folder}/t.csv", client=client
            ),
            "evaluate": lambda: em.evaluate_volume_file(
                f"{folder}/in.zarr", f"{folder}/in.zarr", keep=folder, client=client
            ),
        }  # fmt: skip
        with Peak(client=os.getpid(), scheduler=pid) as peak:
            start = time.perf_counter()
            steps[step]()
            seconds = time.perf_counter() - start
        print(
            f"{slices:5,} slices, {step:8} {seconds:6.1f} s; client {peak.mib['client']:.0f} MiB, "
            f"scheduler {peak.mib['scheduler']:.0f} MiB"
        )


def repeated(slices: int) -> np.ndarray:
    """A corner of the phantom's truth, a mask, to and fro, so that cells go on."""
    corner = np.asarray(em.phantom()[1].data)[:, :128, :128] > 0
    there = np.concatenate([corner, corner[::-1]]).astype(np.uint8)
    return np.tile(there, (-(-slices // len(there)), 1, 1))[:slices]


def boxes(slices: int) -> np.ndarray:
    """Ids of 16 cells a slice, each 8 slices long, with membranes of 2 px."""
    grid = np.kron(np.arange(1, 17, dtype=np.uint32).reshape(4, 4), np.ones((32, 32), np.uint32))
    grid[::32] = grid[1::32] = grid[:, ::32] = grid[:, 1::32] = 0
    above = np.arange(slices, dtype=np.uint32)[:, None, None] // 8 * 16
    return np.where(grid > 0, grid + above, 0)


def bench_time(rounds: int, shape: tuple[int, int, int]) -> None:
    """Seconds of one process on one core, of 1 worker, and of 2 on a core each; medians."""
    with tempfile.TemporaryDirectory() as folder:
        source = f"{folder}/in.zarr"
        em.write_stack(source, em.Stack(tissue(shape), (30.0, 4.0, 4.0)))
        predict = [sys.executable, "-m", "napari_emseg", "predict", source, "--what", "mask"]
        alone = ["taskset", "-c", "0", *predict]
        ways = {
            "one process": [*alone, "--out", f"{folder}/one.zarr"],
            "1 worker": [*alone, "--out", f"{folder}/w1.zarr", "--workers", "1"],
            "2 workers": [*predict, "--out", f"{folder}/w2.zarr", "--workers", "2"],
        }  # fmt: skip
        took: dict[str, list[float]] = {name: [] for name in ways}
        for k in range(rounds):
            for name in sorted(ways, key=lambda each: (k + list(ways).index(each)) % len(ways)):
                start = time.perf_counter()
                subprocess.run([*ways[name], "--overwrite"], check=True, capture_output=True)
                took[name].append(time.perf_counter() - start)
        medians = {name: statistics.median(found) for name, found in took.items()}
        for name, seconds in medians.items():
            print(f"{name:12} {seconds:6.1f} s  {took[name]}")
        one = medians["one process"]
        print(
            f"1 worker takes {medians['1 worker'] / one:.3f} of one process (at most {ENDS[0]}), 2 "
            f"workers are {one / medians['2 workers']:.2f} times as fast (at least {ENDS[1]})"
        )


def tissue(shape: tuple[int, int, int]) -> np.ndarray:
    """The phantom, side by side and turned over, so that edges meet."""
    tile = np.asarray(em.phantom()[0].data)
    tile = np.concatenate([tile, tile[:, ::-1]], 1)
    tile = np.concatenate([tile, tile[:, :, ::-1]], 2)
    times = [-(-n // m) for n, m in zip(shape, tile.shape, strict=True)]
    return np.tile(tile, times)[: shape[0], : shape[1], : shape[2]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=("nothing", "read", "memory", "memory-of", "time", "all"),
        default="all",
    )  # fmt: skip
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 10_000, 20_000])
    parser.add_argument("--many", type=int, nargs="+", default=[30, 300, 3000])
    parser.add_argument("--step", default="mask")
    parser.add_argument("--slices", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", type=int, nargs=3, default=SHAPE)
    args = parser.parse_args()
    if args.what in ("nothing", "all"):
        bench_nothing(args.counts)
    if args.what in ("read", "all"):
        bench_read()
    if args.what in ("memory", "all"):
        bench_memory(args.many)
    if args.what == "memory-of":
        memory_of(args.step, args.slices)
    if args.what in ("time", "all"):
        bench_time(args.rounds, tuple(args.shape))


if __name__ == "__main__":
    main()
