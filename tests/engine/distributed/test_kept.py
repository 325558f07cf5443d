"""Where a run is kept, and when it goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_emseg.engine.distributed.kept import begin, kept_run
from napari_emseg.errors import WriteError


def leave(place):
    begin(place, {"input": "a"})
    place.write("sums/0.npz", b"found")


def stop_within(path):
    with kept_run(None, path) as place:
        leave(place)
        raise KeyError("stopped")


def test_beside_a_file_it_stays_until_all_is_done(tmp_path):
    with pytest.raises(KeyError, match="stopped"):
        stop_within(tmp_path / "t.csv")
    with kept_run(None, tmp_path / "t.csv") as place:
        begin(place, {"input": "a"})
        assert place.read("sums/0.npz") == b"found"
        assert place.path.parent == tmp_path
    assert not [*tmp_path.iterdir()]
    with kept_run(None, tmp_path / "t.csv", stays=True) as place:
        leave(place)
    assert [*tmp_path.iterdir()]


def test_a_named_folder_stays_with_all_else_that_is_in_it(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with kept_run(tmp_path) as place:
        leave(place)
    with kept_run(tmp_path) as place:
        with pytest.raises(WriteError, match="begun with input a, received b"):
            begin(place, {"input": "b"})
        begin(place, {"input": "b"}, overwrite=True)
        assert place.read("sums/0.npz") is None
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_without_either_it_is_of_this_run_alone():
    with kept_run(None) as place:
        leave(place)
        folder = Path(place.address)
        assert folder.is_dir()
    assert not folder.exists()
