"""Small files that several processes write, each whole, and what they say of a run."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from napari_emseg.errors import WriteError
from napari_emseg.io.volumes.ledger import Ledger, join_run, run_of
from napari_emseg.io.volumes.place import Place


@pytest.fixture
def place(tmp_path):
    return Place.of(tmp_path / "out.zarr") / ".blocks"


def test_places_are_paths_and_addresses(tmp_path):
    assert Place.of(f"file://{tmp_path}/a").path == tmp_path / "a"
    assert Place.of("s3://bucket/a.zarr/").address == "s3://bucket/a.zarr"
    assert (Place.of("s3://bucket/a.zarr") / "b").name == "b"
    with pytest.raises(WriteError, match="address of s3://"):
        Place.of("https://example.org/a.zarr")


def test_a_file_is_there_or_not(place):
    assert place.read("a/b") is None
    place.write("a/b", b"1")
    place.write("a/b", b"2", is_lasting=False)
    place.append("log", b"x")
    place.append("log", b"y")
    assert (place.read("a/b"), place.read("log")) == (b"2", b"xy")
    assert sorted(place.names()) == ["a/b", "log"]
    assert list(place.names("a")) == ["b"]
    place.remove()
    place.remove()
    assert place.is_empty()


def test_of_several_who_create_a_file_one_does(place):
    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(lambda k: place.create("run", b"%d" % k), range(40)))
    assert sum(created) == 1
    assert place.read("run") == b"%d" % created.index(True)
    assert list(place.names()) == ["run"]
    assert os.listdir(place.path) == ["run"]  # noqa: PTH208  nothing is left beside it


def test_where_nothing_can_be_written_it_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match="could not be written"):
        (Place.of(tmp_path / "file") / "in").write("a", b"")


def test_a_block_that_is_marked_is_done(place):
    ledger = Ledger(place, "predict")
    assert not ledger.done(3000).any()
    for block in (0, 999, 1000, 2999):
        ledger.mark(block, {"by": "me"})
    assert ledger.done(3000).nonzero()[0].tolist() == [0, 999, 1000, 2999]
    assert ledger.done(1000).sum() == 2
    assert ledger.is_done(999)
    assert not ledger.is_done(998)
    assert ledger.note(999) == {"by": "me"}


def test_who_goes_on_must_bring_the_same(place):
    about = {"input": "a.tif", "halo": (1, 2)}
    assert run_of(place) is None
    assert join_run(place, about)
    assert not join_run(place, about)
    with pytest.raises(
        WriteError, match=r"out\.zarr: was begun with input a\.tif, received b\.tif"
    ):
        join_run(place, {**about, "input": "b.tif"})
    assert run_of(place) == {"input": "a.tif", "halo": [1, 2]}
