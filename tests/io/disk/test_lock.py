"""A lock belongs to one process at a time, however many want it, and outlives none."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import platform
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from napari_emseg.errors import WriteError
from napari_emseg.io.disk.lock import LOCK, Lock, Owner
from napari_emseg.io.disk.processes import is_alive

N, ROUNDS = 4, 40
BEFORE = ["nothing", "dead", "dead and a dead guard", "folder"]


def lock_of(place: Path) -> Lock:
    return Lock(place, is_folder=place.suffix == "", by="predict")


@pytest.fixture(scope="module")
def dead() -> Owner:
    """A process that is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return replace(Owner.now("predict"), process=[process.pid, 0.0, platform.node()])


def want(places, barrier, wins) -> None:
    """Try to take one lock after the other in the same moment as others, and hold it a while."""
    for i, place in enumerate(places):
        lock = lock_of(place)
        barrier.wait(60)
        with contextlib.suppress(WriteError):
            lock.take()
            with wins.get_lock():
                wins[i] += 1
        barrier.wait(60)
        lock.release()


def count(place, counter, times) -> None:
    """Count up in a file, which only one may do at a time."""
    for _ in range(times):
        while True:
            with contextlib.suppress(WriteError), lock_of(place):
                counter.write_text(str(int(counter.read_text()) + 1))
                break


def run_at_once(target, *args) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=target, args=args) for _ in range(N)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(100)
        assert process.exitcode == 0


def test_of_those_who_come_in_the_same_moment_one_wins(tmp_path, dead):
    places = []
    for i in range(ROUNDS):
        before = BEFORE[i % len(BEFORE)]
        place = tmp_path / (f"{i}" if before == "folder" else f"{i}.tif")
        places.append(place)
        path = lock_of(place).path
        if before.startswith("dead"):
            path.write_text(dead.text)
        if before.endswith("guard"):
            path.with_name(f"{path.name}-next").write_text(dead.text)
    spawn = multiprocessing.get_context("spawn")
    wins = spawn.Array("i", ROUNDS)
    run_at_once(want, places, spawn.Barrier(N), wins)
    assert list(wins) == [1] * ROUNDS
    assert not list(tmp_path.iterdir())


def test_one_at_a_time(tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")
    run_at_once(count, tmp_path / "out.tif", counter, 50)
    assert counter.read_text() == str(N * 50)


def test_the_living_are_named(tmp_path):
    place = tmp_path / "out.tif"
    with lock_of(place):
        said = (
            rf"out\.tif: predict is writing this output already \(process {os.getpid()} on "
            rf"{re.escape(platform.node())} since \d{{4}}-.*\); wait until it is done, or choose "
        )
        for wanted in (lock_of(place).take, lock_of(place).refuse_others):
            with pytest.raises(WriteError, match=said):
                wanted()
        assert lock_of(place).path.exists()
    lock_of(place).refuse_others()


def test_of_another_machine_nobody_can_tell(tmp_path):
    place = tmp_path / "out.tif"
    path = lock_of(place).path
    elsewhere = replace(Owner.now("predict"), process=[1, 0.0, "cluster-7"])
    path.write_text(elsewhere.text)
    with pytest.raises(
        WriteError, match=rf"process 1 on cluster-7 .*delete {re.escape(str(path))}"
    ):
        lock_of(place).take()
    assert path.read_text() == elsewhere.text


@pytest.mark.parametrize("text", ["", '{"by": "pre', "[]", '{"process": 7}', "\x00" * 99])
def test_one_that_was_killed_over_its_lock(tmp_path, text):
    path = lock_of(tmp_path / "out.tif").path
    path.write_text(text)
    with lock_of(tmp_path / "out.tif"):
        assert json.loads(path.read_text())["process"][0] == os.getpid()
    assert not path.exists()


def test_the_lock_of_another_is_not_released(tmp_path, dead):
    lock = lock_of(tmp_path / "out.tif")
    lock.take()
    lock.path.write_text(dead.text)
    lock.release()
    assert lock.path.read_text() == dead.text


def test_a_folder_goes_with_its_lock_if_it_holds_nothing_else(tmp_path):
    with lock_of(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b" / LOCK).exists()
    assert not (tmp_path / "a").exists()
    with lock_of(tmp_path / "a" / "b"):
        (tmp_path / "a" / "mine").touch()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine"]
    (tmp_path / "empty").mkdir()
    with lock_of(tmp_path / "empty"):
        pass
    assert (tmp_path / "empty").exists()


def test_a_place_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="file"):
        lock_of(tmp_path / "file" / "out").take()


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="no such thing on this system")
def test_one_that_has_ended_and_was_not_asked_for_is_dead():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        about = [process.pid, psutil.Process(process.pid).create_time(), platform.node()]
        assert is_alive(about)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not is_alive(about)
