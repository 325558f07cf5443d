"""What a training sees of a stack: tissue alone, with dark membranes."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.normalise import normalise, normalise_tissue
from napari_emseg.core.train.targets import make_target
from napari_emseg.engine.train.labelled_stack import LabelledStack
from napari_emseg.engine.train.sources import as_predicted, reading_of, target_of
from napari_emseg.io.samples import phantom
from napari_emseg.types import Log, Stack


@pytest.fixture(scope="module")
def pair():
    images, labels = phantom()
    return images.take([0, 1]), labels.take([0, 1])


@pytest.fixture
def learned():
    """The target of an image and its labels, and what is said of it."""

    def look(images, labels):
        said = []
        stack = LabelledStack(images, labels)
        return target_of(stack, reading_of(stack, 2, lambda _: None), Recipe(), said.append), said

    return look


def test_of_ordinary_slices_all_labels_are_learned(pair, learned):
    images, labels = pair
    target, said = learned(images, labels)
    plain = make_target(labels.data, "mask", Recipe().train)
    assert said == []
    for z in (0, 1):
        np.testing.assert_array_equal(target[z].weights, plain[z].weights)
        np.testing.assert_array_equal(normalise_tissue(images.slice(z)), normalise(images.slice(z)))


def test_labels_on_a_rim_are_not_learned(pair, learned):
    images, labels = (each.data.copy() for each in pair)
    images[1, :, :60] = 0
    target, said = learned(Stack(images), Stack(labels, kind="labels"))
    assert said == [Log("Labels on blank areas are not learned, in slices 1.")]
    assert not target[1].known[:, :60].any()
    assert target[1].known[:, 70:].all()
    assert target[0].known.all()


def test_a_rim_does_not_shift_the_grey_values_of_tissue(pair):
    image = pair[0].slice(0)
    framed = np.pad(image, 100)
    inside = normalise_tissue(framed)[100:-100, 100:-100]
    np.testing.assert_allclose(inside, normalise(image), atol=0.05)


def test_bright_membranes_are_turned_and_said(pair):
    images, labels = pair
    said = []
    bright = Stack(255 - images.data, notes=("It was guessed.",))
    turned = as_predicted(LabelledStack(bright, labels), said.append)
    assert turned.labels is labels
    np.testing.assert_array_equal(turned.images.data[[0, 1]], images.data)
    assert said[0] == Log("It was guessed.")
    assert said[1].message.startswith("Membranes look brighter than cells")
