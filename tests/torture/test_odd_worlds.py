"""Worlds that are not as one expects: no home, commas, two at once, folders that hang."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from napari_emseg.engine.jobs import DevicesJob, SegmentJob
from napari_emseg.io.samples import phantom_path
from napari_emseg.model.packages.library import list_models, shipped_folder
from napari_emseg.types import Cancelled, Finished
from torture.worker_under_fire import WorkerUnderFire

pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.skipif(sys.platform != "linux", reason="worlds are made by Linux"),
]

CLI = [sys.executable, "-m", "napari_emseg"]
OURS = ("EMSEG_MODELS_DIR", "EMSEG_CONFIG_DIR", "EMSEG_RUNS_DIR", "EMSEG_RECOVERY_DIR",
        "EMSEG_CACHE_DIR")  # fmt: skip
WINDOW = Path(__file__).with_name("first_minutes.py")


def world(**changes: str | None) -> dict[str, str]:
    """The environment as a person has it, with changes; None takes a variable away."""
    of_tests = dict.fromkeys((*OURS, "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"))
    wanted = {**os.environ, **of_tests, **changes}
    return {name: value for name, value in wanted.items() if value is not None}


def run(*command: object, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=env, timeout=240
    )


# -- a home that cannot be written to ----------------------------------------------------------


@pytest.fixture
def home(tmp_path) -> Iterator[Path]:
    """A home on a disk that is read-only, for root as well."""
    home = tmp_path / "home"
    home.mkdir()
    mounted = run("mount", "-t", "tmpfs", "-o", "ro", "home", home, env=dict(os.environ))
    if mounted.returncode:
        pytest.skip(f"no read-only disk can be mounted here: {mounted.stderr.strip()}")
    yield home
    run("umount", "--lazy", home, env=dict(os.environ))


def test_the_command_line_needs_no_home(home, tmp_path, temporary):
    env = world(HOME=str(home))
    listed = run(*CLI, "models", "list", env=env)
    assert listed.returncode == 0, listed.stderr
    out = tmp_path / "mask.tif"
    source = ("predict", phantom_path(), "--slices", "0:1", "--what", "mask", "--out", out)
    predicted = run(*CLI, *source, env=env)
    assert predicted.returncode == 0, predicted.stderr
    assert out.stat().st_size > 512 * 512
    brought = run(*CLI, "models", "import", shipped_folder(), "--name", "mine", env=env)
    assert brought.returncode == 1
    assert "that disk is read-only; choose another" in brought.stderr
    assert len(brought.stderr.strip().splitlines()) == 1


@pytest.mark.torture
def test_a_window_works_where_our_folders_cannot_be_written(home, tmp_path, temporary):
    """Without any home napari itself does not start."""
    told = first_minutes(tmp_path, world(**{name: str(home / name) for name in OURS}))
    assert told["segmented"]
    assert any("Painted labels cannot be kept safe" in each for each in told["said"])


def first_minutes(folder: Path, env: dict[str, str]) -> dict:
    """What a person meets who opens all docks, segments, paints and sets a field."""
    done = run(sys.executable, WINDOW, folder, env=env)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# -- commas in numbers -------------------------------------------------------------------------


@pytest.fixture
def german(tmp_path) -> dict[str, str]:
    """Changes of the environment in which 0.5 is written 0,5."""
    made = run("localedef", "-i", "de_DE", "-f", "UTF-8", tmp_path / "de_DE.UTF-8",
               env=dict(os.environ))  # fmt: skip
    if made.returncode:
        pytest.skip(f"no such locale can be made here: {made.stderr.strip()}")
    return {"LOCPATH": str(tmp_path), "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}


@pytest.mark.torture
def test_a_window_with_commas(german, tmp_path):
    env = world(**german, **{name: str(tmp_path / name) for name in OURS})
    told = first_minutes(tmp_path, env)
    assert told["decimal"] == ","
    assert told["segmented"]
    assert told["typed"] == pytest.approx(0.35)
    again = first_minutes(tmp_path, env)
    assert again["remembered"] == pytest.approx(0.35)


def test_the_command_line_with_commas(german, tmp_path):
    mask = tmp_path / "Ü mask.npy"
    np.save(mask, np.pad(np.ones((1, 60, 60), np.uint8), ((0, 0), (2, 2), (2, 2))))
    env = {name: str(tmp_path / name) for name in OURS}
    for changes in (german, {"LC_ALL": "C", "LANG": "C"}):
        done = run(*CLI, "evaluate", mask, mask, "--json", env=world(**env, **changes))
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["stack"]["v_rand"] == 1.0


# -- two windows and one library ---------------------------------------------------------------

LIBRARIAN = """
import random, sys
from napari_emseg.errors import EmsegError
from napari_emseg.model.packages.library import (
    import_package, import_under_free_name, list_models, remove_model, rename_model, shipped_folder
)
random.seed(int(sys.argv[1]))
mine = 0
for k in range(int(sys.argv[2])):
    kept = import_under_free_name(shipped_folder("isbi2012"), "tiny").folder.name
    mine += 1
    for act in (
        lambda: import_package(shipped_folder(random.choice(["default", "isbi2012"])), "same",
                             overwrite=True),
        lambda: rename_model("same", "other"),
        lambda: remove_model("other"),
        lambda: list_models(),
    ):
        try:
            act()
        except EmsegError as error:
            assert "same" in str(error) or "other" in str(error), error
print(mine)
"""


@pytest.mark.parametrize("rounds", [2, pytest.param(15, marks=pytest.mark.torture)])
def test_windows_with_one_library(rounds):
    windows = [
        subprocess.Popen(
            [sys.executable, "-c", LIBRARIAN, str(k), str(rounds)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for k in range(3)
    ]  # fmt: skip
    told = [each.communicate(timeout=240) for each in windows]
    assert [each.returncode for each in windows] == [0, 0, 0], told
    assert not any("damaged" in errors for _, errors in told), told
    mine = [each for each in list_models() if each.folder.name.startswith("tiny")]
    assert len(mine) == 3 * rounds  # nobody's was taken or replaced
    folder = mine[0].folder.parent
    assert not [each.name for each in folder.iterdir() if each.name.startswith(".")]


# -- a folder that hangs -----------------------------------------------------------------------


@pytest.fixture
def hanging(tmp_path) -> Iterator[Path]:
    """A folder of a network whose server does not answer: whoever looks into it waits for ever."""
    folder = tmp_path / "network"
    folder.mkdir()
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError as error:
        pytest.skip(f"no such folder can be made here: {error}")
    libc = ctypes.CDLL(None, use_errno=True)
    about = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"network", bytes(folder), b"fuse", 0, about):
        os.close(server)
        pytest.skip(f"no such folder can be mounted here: {os.strerror(ctypes.get_errno())}")
    yield folder
    libc.umount2(bytes(folder), 2)
    os.close(server)


def test_a_job_that_reads_from_a_folder_that_hangs_can_be_stopped(hanging, tmp_path):
    with WorkerUnderFire(seed=0) as fire:
        assert isinstance(fire.do(DevicesJob()), Finished)
        number = fire.worker.submit(SegmentJob(hanging / "em.tif", str(tmp_path / "out.tif")))
        time.sleep(1.0)
        begun = time.monotonic()
        fire.worker.cancel(number, grace_s=1.0)
        event = fire.wait(number)
        assert isinstance(event, Cancelled)
        assert time.monotonic() - begun < 5
        assert isinstance(fire.do(DevicesJob()), Finished)


# -- a parent that dies ------------------------------------------------------------------------

PARENT = """
import sys, threading
from pathlib import Path
from napari_emseg.engine.jobs import SegmentJob
from napari_emseg.engine.worker import Worker
busy = threading.Event()
worker = Worker(lambda number, event: (print(type(event).__name__), busy.set()))
worker.submit(SegmentJob(Path(sys.argv[1]), sys.argv[2], "cells"))
busy.wait()
print(worker.pid, flush=True)
sys.stdin.read()
"""


def test_a_worker_at_work_ends_with_its_parent(tmp_path):
    command = [sys.executable, "-c", PARENT, str(phantom_path()), str(tmp_path / "out.tif")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline()
        parent.stdout.readline()
        family = psutil.Process(parent.pid).children(recursive=True)
        assert family
        parent.kill()
    _, alive = psutil.wait_procs(family, timeout=5)
    assert not alive
