"""Cells that are followed through the volume, from a stack: in one go, and where a run goes on."""

from __future__ import annotations

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.engine.segment.volume import is_followed
from napari_emseg.errors import CancelledError, WriteError
from napari_emseg.io.samples import phantom
from napari_emseg.types import Log, Progress

FOLLOWING = "Following the cells through the volume ..."


@pytest.fixture(scope="module")
def image():
    stack = phantom()[0]
    return stack.with_data(np.asarray(stack.data[:3, :256, :256]))


@pytest.fixture
def file(image, tmp_path):
    return em.write_stack(tmp_path / "image.tif", image)


def segment(file, out, stop_after=None, **options):
    """Cells of a file; stops after so many slices, or when they are followed."""
    told: list = []

    def should_stop():
        if stop_after is None:
            return False
        if stop_after == "followed":
            return any(isinstance(each, Log) and each.message == FOLLOWING for each in told)
        return sum(isinstance(each, Progress) for each in told) >= stop_after

    em.segment_file(
        file, out, output="cells", device="cpu", on_event=told.append, should_stop=should_stop,
        **options,
    )  # fmt: skip
    return told


def hidden(folder):
    return [each.name for each in folder.iterdir() if each.name.startswith(".")]


def test_file_and_array_give_the_same(image, file, tmp_path):
    segment(file, tmp_path / "out.tif")
    written = em.read_stack(tmp_path / "out.tif").data
    assert np.array_equal(written, em.segment(image, output="cells", device="cpu").data)
    assert written.dtype == np.uint32
    assert sorted(np.unique(written)) == list(range(1, written.max() + 1))
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("when", [1, "followed"])
def test_goes_on_where_it_was_stopped(file, tmp_path, when):
    segment(file, tmp_path / "whole.tif")
    with pytest.raises(CancelledError):
        segment(file, tmp_path / "out.tif", stop_after=when)
    assert not (tmp_path / "out.tif").exists()
    with pytest.raises(WriteError, match="stopped"):
        segment(file, tmp_path / "out.tif")
    told = segment(file, tmp_path / "out.tif", resume=True)
    if when == "followed":
        assert not any(isinstance(each, Log) and "Loading" in each.message for each in told)
    whole, resumed = (em.read_stack(tmp_path / f"{each}.tif").data for each in ("whole", "out"))
    assert np.array_equal(whole, resumed)
    assert hidden(tmp_path) == []


def test_begins_anew_where_asked_or_where_another_model_began(file, tmp_path):
    with pytest.raises(CancelledError):
        segment(file, tmp_path / "out.tif", stop_after="followed")
    segment(file, tmp_path / "out.tif", resume=True, model="isbi2012")
    assert hidden(tmp_path) == []
    with pytest.raises(CancelledError):
        segment(file, tmp_path / "out.tif", stop_after="followed", overwrite=True)
    before = em.read_stack(tmp_path / "out.tif").data
    assert np.array_equal(before, em.read_stack(tmp_path / "out.tif").data)  # still whole
    segment(file, tmp_path / "out.tif", overwrite=True)
    assert hidden(tmp_path) == []


def test_the_knob_needs_no_new_prediction_where_a_run_goes_on(file, tmp_path):
    with pytest.raises(CancelledError):
        segment(file, tmp_path / "out.tif", stop_after="followed")
    told = segment(file, tmp_path / "out.tif", resume=True, merging=1.0)
    assert not any(isinstance(each, Log) and "Loading" in each.message for each in told)
    assert em.read_stack(tmp_path / "out.tif").data.max() == 1


def test_when_cells_are_followed():
    volume = CellsConfig()
    assert is_followed(None, 3, volume)
    assert is_followed((4, 5, 6), 9, volume)
    assert not is_followed((4, 6), 9, volume)
    assert not is_followed((6, 5), 9, volume)
    assert not is_followed((4,), 9, volume)
    assert not is_followed(None, 1, volume)
    assert not is_followed(None, 3, CellsConfig(link="slices"))


def test_single_sections_are_linked_as_before(image):
    linked = em.segment(image, output="cells", device="cpu", link="slices").data
    assert (linked == 0).any()  # membranes stay
    mask = em.segment(image, output="mask", device="cpu").data
    assert np.array_equal(linked > 0, mask > 0)
