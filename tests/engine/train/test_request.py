"""A training reads of a long stack what it trains on, from layers and from files alike."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import zarr

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.train.regions import Regions
from napari_emseg.core.train.slice_split import SliceSplit
from napari_emseg.engine.train.labelled_stack import LabelledStack
from napari_emseg.engine.train.request import TrainingData
from napari_emseg.engine.train.sources import reading_of, target_of
from napari_emseg.io.read import read_stack
from napari_emseg.types import Log, Stack

LONG = (200, 256, 256)
LABELLED = (3, 100, 198)


def cells() -> np.ndarray:
    line = np.arange(LONG[1]) % 17 < 14
    return np.outer(line, line).astype(np.uint8)


class LongLabels:
    """Labels of a million slices, made when they are read."""

    shape, dtype = (10**6, *LONG[1:]), np.dtype(np.uint8)

    def __init__(self) -> None:
        self.read: list[int] = []

    def __getitem__(self, z: int) -> np.ndarray:
        self.read.append(z)
        return cells()


class LongImages(LongLabels):
    """Grey values to them."""

    def __getitem__(self, z: int) -> np.ndarray:
        return super().__getitem__(z) * 100 + np.random.default_rng(z).integers(
            0, 50, LONG[1:], np.uint8
        )


class PicturesOf(LongImages):
    """Grey values of as many slices as there are labels."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape


@pytest.mark.parametrize("reviewed", [False, True])
def test_of_layers_only_the_used_slices_are_read(reviewed):
    images, labels = LongImages(), LongLabels()
    half = np.array([(-1, -1), (-1, 40), (256, 40), (256, -1)], float)
    regions = Regions([(None, half)]) if reviewed else None
    data = TrainingData(Stack(images), Stack(labels, kind="labels"), regions)
    roles = SliceSplit((3, 7, 9), (3, 9), (7,))
    target = data.target("mask", TrainConfig(), roles)
    assert target.labelled == (3, 7, 9)
    assert set(labels.read) == set(images.read) == {3, 7, 9}
    assert target[7].known[:, :40].all()
    assert target[7].known[:, 41:].any() != reviewed


def write_zarr(path, slice_: np.ndarray):
    array = zarr.create_array(path, shape=LONG, chunks=(1, *LONG[1:]), dtype="u1")
    for z in LABELLED:
        array[z] = slice_
    return path


@pytest.mark.parametrize("reviewed", [False, True])
def test_of_files_only_the_labelled_slices_are_held(tmp_path, reviewed):
    """What the labels of all slices take alone is never reached."""
    labels = write_zarr(tmp_path / "labels.zarr", cells())
    images = Stack(PicturesOf(LONG))
    left = np.broadcast_to(np.arange(LONG[2]) < 40, LONG[1:])
    counts = write_zarr(tmp_path / "reviewed.zarr", left) if reviewed else None

    def target_of_files(on_event):
        stack, used = read_stack(labels, kind="labels"), LABELLED if reviewed else None
        read = None if counts is None else read_stack(counts, kind="labels")
        labelled = LabelledStack(images, stack, slices=used, reviewed=read)
        return target_of(labelled, reading_of(labelled, 2, on_event), Recipe())

    target_of_files(lambda _: None)  # imports are memory, too
    said = []
    tracemalloc.start()
    target = target_of_files(said.append)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert target.labelled == LABELLED
    assert target[100].known[:, :40].all()
    assert target[100].known[:, 41:].any() != reviewed
    assert peak < np.prod(LONG) / 2
    assert said == [Log("Labels are read as mask: 68 % cell, 32 % membrane in 3 of 200 slices.")]
