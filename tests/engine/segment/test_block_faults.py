"""Whatever is killed, the result is that of a clean run, bit for bit."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

import napari_emseg as em
from napari_emseg.engine.distributed.cluster import cluster_of
from napari_emseg.engine.distributed.on_dask import OnDask
from napari_emseg.engine.distributed.stage import Stage
from napari_emseg.errors import WorkerError
from napari_emseg.io.volumes.ome_volume import OmeVolume
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Log, Stack

pytest.importorskip("distributed")
PREDICT = [sys.executable, "-m", "napari_emseg", "predict", "--what", "mask"]
SHAPE = (48, 64, 64)


def noise(z: int) -> np.ndarray:
    return np.random.default_rng(z).integers(0, 255, SHAPE[1:], np.uint8)


def write_slowly(out: OmeVolume, seconds: float, z: int) -> None:
    """A block that takes a while between beginning and end."""
    out.write((slice(z, z + 1), slice(0, 64), slice(0, 64)), np.zeros((1, 64, 64), np.uint8) + 7)
    time.sleep(seconds)
    out.write((slice(z, z + 1), slice(0, 64), slice(0, 64)), noise(z)[np.newaxis])


@pytest.fixture
def work(tmp_path):
    planned = Stack(np.broadcast_to(np.uint8(0), SHAPE), kind="labels")
    out = OmeVolume.of(Place.of(tmp_path / "out.zarr"), planned)
    out.make(planned)
    return (
        out,
        Place.of(tmp_path / "run"),
        Stage("write", SHAPE[0], partial(write_slowly, out, 0.1)),
    )


def files_of(out: Path) -> dict[str, bytes]:
    found = (each for each in out.rglob("*") if each.is_file() and ".blocks" not in each.parts)
    return {str(each.relative_to(out)): each.read_bytes() for each in found}


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_workers_killed_at_random_moments(work, kills):
    out, place, stage = work
    rng, killed = np.random.default_rng(kills), []
    stage = Stage("write", SHAPE[0], partial(write_slowly, out, 0.1 if kills < 10 else 0.3))
    from distributed import Status

    with cluster_of(workers=2) as client:
        due = [time.monotonic() + 0.3]

        def kill_now_and_then() -> bool:
            if len(killed) < kills and time.monotonic() > due[0]:
                nannies = list(client.cluster.workers.values())
                chosen = nannies[rng.integers(len(nannies))].process if nannies else None
                if chosen is not None and chosen.status == Status.running:
                    os.kill(chosen.pid, signal.SIGKILL)
                    killed.append(chosen.pid)
                    due[0] = time.monotonic() + rng.uniform(0.1, 1.0)
            return False

        while len(killed) < kills or count_done(place) < SHAPE[0]:
            if count_done(place) == SHAPE[0]:  # more blocks to kill over
                place.remove()
            runner = OnDask(client, revives=True)
            try:
                assert runner.run([stage], place, should_stop=kill_now_and_then)
            except WorkerError:  # on a slow machine 12 deaths may come before a block is done
                if kills < 12:
                    raise
    assert len(killed) == kills
    for z in range(SHAPE[0]):
        box = (slice(z, z + 1), slice(0, 64), slice(0, 64))
        np.testing.assert_array_equal(out.read(box)[0], noise(z))
    assert not list(out.place.path.rglob("*.partial"))


def count_done(place: Place) -> int:
    return sum(1 for _ in place.names("write"))


def die(block: int) -> None:
    if block == 3:
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_block_that_kills_workers_is_given_up_and_named(tmp_path):
    with (
        cluster_of(workers=2) as client,
        pytest.raises(WorkerError, match=r"1 of 8 .*block 3.*workers died over it"),
    ):
        OnDask(client).run([Stage("die", 8, die)], Place(str(tmp_path / "run")))


def fill(out: OmeVolume, bad: int, limit: int, z: int) -> None:
    """A block on a worker whose disk is full, as long as that file is there."""
    if z == bad and (out.place.path.parent / "full").exists():
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            write_slowly(out, 0, z)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    write_slowly(out, 0, z)


def test_a_full_disk_of_one_worker(work):
    out, place, _ = work
    full = out.place.path.parent / "full"
    full.touch()
    stage = Stage("write", SHAPE[0], partial(fill, out, 5, 100))
    with cluster_of(workers=1) as client:
        with pytest.raises(WorkerError, match=r"1 of 48 .*block 5 .*could not be written"):
            OnDask(client).run([stage], place)
        full.unlink()
        assert OnDask(client).run([stage], place)
    box = (slice(0, SHAPE[0]), slice(0, 64), slice(0, 64))
    np.testing.assert_array_equal(out.read(box), np.stack([noise(z) for z in range(SHAPE[0])]))


# -- whole runs -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A stack of 24 slices, and its mask by a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("clean")
    image, _ = em.phantom()
    em.write_stack(
        folder / "in.zarr", image.with_data(np.tile(image.data[:, :256, :256], (3, 1, 1)))
    )
    em.segment_file(folder / "in.zarr", folder / "clean.zarr", output="mask", part="1/1")
    return folder / "in.zarr", files_of(folder / "clean.zarr")


def begin(*args: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PREDICT, *map(str, args)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def wait_for_blocks(out: Path, count: int, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if len(list((out / ".blocks" / "predict").rglob("*.json"))) >= count:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {count} blocks in {seconds} s")


@pytest.mark.slow
def test_the_client_is_killed(tmp_path, clean):
    source, expected = clean
    out = tmp_path / "out.zarr"
    run = begin(source, "--out", out, "--workers", 2)
    wait_for_blocks(out, 3)
    children = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.communicate()
    psutil.wait_procs(children, timeout=60)  # nannies notice, and end
    again = subprocess.run(
        [*PREDICT, source, "--out", out, "--workers", "2", "--resume"],
        capture_output=True,
        text=True,
    )
    assert again.returncode == 0, again.stderr
    assert files_of(out) == expected
    assert not any(each.is_running() for each in children)


@pytest.mark.slow
def test_the_scheduler_is_killed(tmp_path, clean):
    source, expected = clean
    out, file = tmp_path / "out.zarr", tmp_path / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []

    def cluster() -> None:
        file.unlink(missing_ok=True)
        dask = [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--port",
            "0",
            "--no-dashboard",
        ]
        started.append(
            subprocess.Popen([*dask, "--scheduler-file", file], stderr=subprocess.DEVNULL)
        )
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", file]
        more = ["--nworkers", "2", "--nthreads", "1", "--no-dashboard", "--death-timeout", "20"]
        started.append(subprocess.Popen([*worker, *more], stderr=subprocess.DEVNULL, cwd=tmp_path))

    try:
        cluster()
        run = begin(source, "--out", out, "--scheduler-file", file)
        wait_for_blocks(out, 3)
        started[0].kill()
        _, said = run.communicate(timeout=120)
        assert run.returncode == 1, said
        assert "is gone; finished blocks are kept" in said
        cluster()
        again = subprocess.run(
            [*PREDICT, source, "--out", out, "--scheduler-file", file, "--resume"],
            capture_output=True, text=True, timeout=200,
        )  # fmt: skip
        assert again.returncode == 0, again.stderr
        assert files_of(out) == expected
    finally:
        for each in started:
            each.terminate()
        for each in started:
            each.wait(30)


def test_a_run_says_what_it_is_about(tmp_path, clean):
    source, _ = clean
    events = []
    em.segment_file(source, tmp_path / "o.zarr", output="mask", workers=2, on_event=events.append)
    said = [each.message for each in events if isinstance(each, Log)]
    assert any("Dask's dashboard: http" in each for each in said)
    assert any("12 blocks, 1.57 MB to read, 1.57 MB to write, 2 workers" in each for each in said)
    lines = [
        json.loads(line)
        for log in (tmp_path / "o.zarr" / ".blocks" / "log").iterdir()
        for line in log.read_text().splitlines()
    ]
    assert sorted(line["block"] for line in lines if line["stage"] == "predict") == list(range(12))
