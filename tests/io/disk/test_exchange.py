"""A folder takes the place of another in one step, or is found again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_emseg.io.disk import exchange as module
from napari_emseg.io.disk.atomic import replacing_folder
from napari_emseg.io.disk.exchange import exchange, put_in_place, recover_replaced


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "a").write_text(text)
    return path


@pytest.fixture(params=["one step", "two steps"])
def steps(request, monkeypatch):
    if request.param == "two steps":
        monkeypatch.setattr(module, "_exchange_call", lambda: None)
    return request.param


def test_what_was_there_is_replaced(tmp_path, steps):
    folder(tmp_path / "mine", "old")
    with replacing_folder(tmp_path / "mine") as beside:
        (beside / "a").write_text("new")
    assert (tmp_path / "mine" / "a").read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]


@pytest.mark.skipif(sys.platform != "linux", reason="the disk may not know it elsewhere")
def test_here_two_names_are_exchanged(tmp_path):
    one, other = folder(tmp_path / "ä one", "1"), folder(tmp_path / "other", "2")
    assert exchange(one, other)
    assert (one / "a").read_text() == "2"
    assert (other / "a").read_text() == "1"
    assert not exchange(one, tmp_path / "missing")


def test_what_cannot_be_moved_leaves_all_as_it_was(tmp_path, steps):
    folder(tmp_path / "mine", "old")
    with pytest.raises(FileNotFoundError):
        put_in_place(tmp_path / "missing", tmp_path / "mine")
    assert (tmp_path / "mine" / "a").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]


def test_killed_between_two_steps_it_gets_its_name_back(tmp_path):
    new = folder(tmp_path / ".mine-1", "new")
    folder(tmp_path / "mine", "old")
    code = (
        "import os, pathlib, sys\n"
        "from napari_emseg.io.disk import exchange as module\n"
        "module._exchange_call = lambda: None\n"
        "rename = pathlib.Path.rename\n"
        "def once(self, to):\n"
        "    rename(self, to)\n"
        "    os._exit(9)\n"
        "pathlib.Path.rename = once\n"
        f"module.put_in_place(pathlib.Path({str(new)!r}), pathlib.Path({str(tmp_path / 'mine')!r}))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=os.environ).returncode == 9
    assert not (tmp_path / "mine").exists()
    recover_replaced(tmp_path)
    assert (tmp_path / "mine" / "a").read_text() == "old"
    recover_replaced(tmp_path)
    recover_replaced(tmp_path / "missing")
    assert sorted(each.name for each in tmp_path.iterdir()) == [".mine-1", "mine"]


def test_what_is_left_of_a_finished_replacement_goes(tmp_path):
    folder(tmp_path / "mine", "new")
    folder(tmp_path / ".mine.replaced", "old")
    recover_replaced(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["mine"]
