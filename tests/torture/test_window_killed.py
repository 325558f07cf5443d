"""Napari, killed while a person works: the next start offers all but the last five seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from napari_emseg.io.folders import cache_folder, recovery_folder

pytestmark = pytest.mark.usefixtures("nothing_left")

PERSON = Path(__file__).with_name("person.py")
LOST_S = 5.0
PATIENCE_S = 600


def long(kills: int) -> object:
    return pytest.param(kills, marks=pytest.mark.torture)


class Person:
    """A process with a window, and what was there when it came."""

    def __init__(self, what: str, folder: Path) -> None:
        self._folder = folder
        self._log = (folder / "said.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, PERSON, what, folder], stdout=subprocess.PIPE, stderr=self._log,
            text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (folder / "said.log").read_text()[-4000:]
        self.found = json.loads(line)
        self.came = len(self.acts)

    @property
    def acts(self) -> list[dict]:
        """All that was done so far, by those before as well."""
        path = self._folder / "acts.jsonl"
        return [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []

    def wait_for_acts(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.acts) < self.came + count:
            assert self._process.poll() is None, (self._folder / "said.log").read_text()[-4000:]
            assert time.monotonic() < deadline, f"{len(self.acts) - self.came} acts"
            time.sleep(0.01)

    def kill(self) -> float:
        """End it; when that was."""
        at = time.time()
        if self._process.returncode is not None:
            return at
        family = psutil.Process(self._process.pid).children(recursive=True)
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()
        self._log.close()
        _, alive = psutil.wait_procs(family, timeout=5)
        assert not alive, [each.cmdline() for each in alive]
        return at


@pytest.fixture
def person(tmp_path, tissue, temporary) -> Iterator[Callable[[str], Person]]:
    """Has a person come to a folder, and go at the end."""
    for path in (tissue.image, tissue.labels):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    came: list[Person] = []
    yield lambda what: came.append(Person(what, tmp_path)) or came[-1]
    for each in came:
        each.kill()


def work_and_kill(person: Callable[[str], Person], what: str, kills: int, look) -> Person:
    """Let persons work and kill them; whoever comes next is looked at, the last one stays."""
    rng, at_work = np.random.default_rng(kills), person(what)
    assert not at_work.found["offered"]
    for _ in range(kills):
        at_work.wait_for_acts(2)
        time.sleep(rng.uniform(0, 3))
        killed = at_work.kill()
        done = at_work.acts
        at_work = person(what)
        assert at_work.found["offered"], at_work.found
        look(at_work.found, done, killed)
    return at_work


def nothing_but_the_last_seconds(found: dict, done: list[dict], killed: float) -> None:
    """Each pixel is as it was after the last act before these, or after any act in them."""
    old = [act["labels"] for act in done if act["at"] < killed - LOST_S]
    recent = [act["labels"] for act in done if act["at"] >= killed - LOST_S]
    if old:
        now = np.load(found["labels"])
        assert np.any([now == np.load(each) for each in (*old[-1:], *recent)], axis=0).all()


@pytest.mark.parametrize("kills", [1, long(6)])
def test_while_painting(person, kills):
    work_and_kill(person, "paint", kills, nothing_but_the_last_seconds)
    assert len(list(recovery_folder().iterdir())) == 1


@pytest.mark.parametrize("kills", [long(5)])
def test_while_correcting_in_a_volume(person, kills):
    def whole_decisions(found: dict, done: list[dict], killed: float) -> None:
        """Which change all slices alike."""
        nothing_but_the_last_seconds(found, done, killed)
        now = np.load(found["labels"])
        assert (now == now[0]).all()

    work_and_kill(person, "volume", kills, whole_decisions)
    assert len(list(recovery_folder().iterdir())) == 1


def all_epochs(found: dict, done: list[dict], killed: float) -> None:
    epochs = found["epochs"]
    assert epochs == list(range(1, len(epochs) + 1))
    assert epochs[: len(done[-1]["epochs"])] == done[-1]["epochs"]


@pytest.mark.parametrize("kills", [long(5)])
def test_while_training(person, kills):
    at_work = work_and_kill(person, "train", kills, all_epochs)
    at_work.wait_for_acts(1)  # it goes on
    all_epochs(at_work.acts[-1], at_work.acts[:-1], 0)
    at_work.kill()
    scratch = list((cache_folder() / "scratch").iterdir())
    assert len(scratch) <= 2, "only those of the last one, which the next one removes"


def whole_files(found: dict, done: list[dict], killed: float) -> None:
    """Both hold one number in all pixels: of the last save, or of the one that was killed."""
    last = done[-1]["values"]
    for values in found["values"]:
        assert values in ([last], [last + 1])


@pytest.mark.parametrize("kills", [pytest.param(1, marks=pytest.mark.slow), long(4)])
def test_while_saving(person, tmp_path, kills):
    at_work = work_and_kill(person, "save", kills, whole_files)
    at_work.wait_for_acts(1)
    at_work.kill()
    hidden = {each.name for each in tmp_path.iterdir() if each.name.startswith(".saved")}
    assert len(hidden) <= 1, "only what the last one had begun"
