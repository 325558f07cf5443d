"""What the dock *Segment* takes an image for, and which level of one in several scales."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from napari_emseg.session.segment.pyramid import nearest_level
from napari_emseg.session.segment.source_look import SourceLook
from napari_emseg.session.thread_lane import ThreadLane


class Threads:
    """Gives lanes that are threads, as the window does."""

    def lane(self, name):
        return ThreadLane(name, lambda call: call())


@pytest.fixture
def membranes():
    """Cells of about grey 170 with thin dark lines between them: (3, 256, 320) uint8."""
    rng = np.random.default_rng(0)
    noise = gaussian_filter(rng.normal(size=(3, 256, 320)), (0, 16, 16))
    lines = np.abs(noise / noise.std()) < 0.05
    return (np.where(lines, 60, 170) + rng.normal(0, 6, lines.shape)).astype(np.uint8)


@pytest.fixture
def image(viewer, stack, membranes):
    image = stack(viewer)
    image.pixels, image.voxel_size_nm = membranes, (50, 4, 4)
    return image


@pytest.fixture
def said():
    return []


@pytest.fixture
def look(executor, said):
    look = SourceLook(executor)
    look.said.connect(said.append)
    return look


def test_numbers_sizes_and_membranes(look, image, said):
    look.look(image)
    assert said[0] == "uint8, 3 slices of 256 x 320 px (Z, Y, X), 50 x 4 x 4 nm."
    assert said[-1] == (
        "uint8, 3 slices of 256 x 320 px (Z, Y, X), 50 x 4 x 4 nm; membranes taken for dark."
    )


def test_bright_membranes_and_what_a_person_says_of_them(look, image, said):
    image.pixels = 255 - image.pixels
    look.look(image)
    assert said[-1].endswith("; membranes taken for bright.")
    look.choose_membranes("dark")
    assert said[-1].endswith("; membranes dark, as chosen.")
    look.choose_membranes("auto")
    assert said[-1].endswith("; membranes taken for bright.")


def test_a_rim_and_a_missing_section_are_no_tissue(look, image, said):
    image.pixels[:, :64] = 0  # a quarter of each slice
    look.look(image)
    share = int(said[-1].partition("about ")[2].partition(" %")[0])
    assert share == pytest.approx(75, abs=3)
    assert said[-1].endswith("% of it taken for tissue.")
    image.pixels[1] = 0  # one of the three that are looked at
    look.look(image)
    assert int(said[-1].partition("about ")[2].partition(" %")[0]) == pytest.approx(50, abs=3)


def test_what_is_not_known_and_what_was_guessed(look, image, said):
    image.voxel_size_nm, image.notes = None, ("Slice 3 is missing.",)
    look.look(image)
    assert "voxel size unknown;" in said[-1]
    assert said[-1].endswith("dark. Slice 3 is missing.")
    image.voxel_size_nm, image.thickness_assumed = (4, 4, 4), True
    look.look(image)
    assert "4 x 4 x 4 nm (thickness assumed);" in said[-1]


def test_of_what_cannot_be_segmented_nothing_is_said(look, image, said):
    look.look(image)
    image.pixels = np.zeros((2, 3, 8, 8))
    look.look(image)
    assert said[-1] == ""
    look.look(None)
    assert said[-1] == ""


def test_an_image_that_cannot_be_read_is_described_all_the_same(look, image, said, monkeypatch):
    def fail(z):
        raise OSError("the disk is gone")

    monkeypatch.setattr(image, "slice", fail)
    look.look(image)
    assert said[-1] == "uint8, 3 slices of 256 x 320 px (Z, Y, X), 50 x 4 x 4 nm."


def test_once_closed_it_looks_at_nothing(image, said):
    threads = Threads()
    look = SourceLook(threads)
    look.said.connect(said.append)
    look.close()
    look.look(image)
    assert not said


@pytest.mark.parametrize(
    ("edges", "learned", "level"),
    [
        ((2, 4, 8), 4, 1),
        ((1, 2, 4, 8), 5, 2),
        ((8, 16), 4, 0),
        ((0.5, 1), 4, 1),
        ((2, 4), None, 0),
        ((None, None), 4, 0),
    ],
)
def test_the_level_nearest_to_the_pixels_of_the_model(edges, learned, level):
    sizes = [None if edge is None else (50, edge, edge) for edge in edges]
    assert nearest_level(sizes, None if learned is None else (50, learned, learned)) == level
