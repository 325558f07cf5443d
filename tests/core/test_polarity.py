from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_emseg.core.polarity import has_bright_membranes, line_contrast
from napari_emseg.io.samples import phantom


@pytest.fixture(scope="module")
def slices():
    return [np.asarray(image) for image in phantom()[0].data[:3]]


def test_dark_membranes_are_the_usual_ones(slices):
    assert not has_bright_membranes(slices)


def test_bright_membranes_are_noticed(slices):
    assert has_bright_membranes([255 - image for image in slices])


def test_inverting_turns_the_sign(slices):
    assert line_contrast(255 - slices[0]) == pytest.approx(-line_contrast(slices[0]), rel=1e-4)


def test_a_rim_and_a_missing_section_say_nothing(slices):
    framed = np.pad(slices[0], 40)
    assert line_contrast(framed) == pytest.approx(line_contrast(slices[0]), abs=0.05)
    assert line_contrast(np.zeros((50, 60), np.uint8)) == 0
    assert not has_bright_membranes([np.zeros((50, 60), np.uint8)])
    assert not has_bright_membranes([])


def test_hot_pixels_are_no_membranes(slices):
    hot = slices[0].astype(np.float32)
    hot[(np.arange(20) * 17 + 5, np.arange(20) * 23 + 9)] = 65535
    assert line_contrast(hot) == pytest.approx(line_contrast(slices[0]), abs=0.05)


def test_noise_is_taken_for_neither():
    noise = np.random.default_rng(0).normal(size=(200, 200))
    assert not has_bright_membranes([noise])
    assert not has_bright_membranes([-noise])


SOURCES = ["isbi2012/train-volume", "vnc/train-images", "epfl/train-images", "snemi3d/train-input"]


@pytest.mark.parametrize("source", SOURCES)
def test_it_is_never_wrong_on_a_slice_of_real_tissue(source, repo):
    folder = Path(os.environ.get("EMSEG_DATA_DIR", repo.parent / "shared" / "data"))
    file = folder / f"{source}.tif"
    if not file.exists():
        pytest.skip(f"{file} is not there; set EMSEG_DATA_DIR")
    for image in tifffile.imread(file)[::5]:
        assert not has_bright_membranes([image])
        assert has_bright_membranes([255 - image])
