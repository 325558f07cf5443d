"""What is predicted before a training takes its first step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_emseg.core.segment.resampling import Resampling
from napari_emseg.core.train.targets import make_target
from napari_emseg.model.packages.package import read_package
from napari_emseg.model.predict.quick_preview import quick_previews
from napari_emseg.model.runtimes.keras_runtime import load_network


@pytest.fixture
def package(package_at, tmp_path):
    return read_package(package_at(tmp_path / "package"))


@pytest.fixture
def source(source_of, stack, target):
    return source_of(stack, target)


def test_labelled_slices_come_the_one_looked_at_first(package, source, stack):
    came = dict(quick_previews(package, source, 3))
    assert list(came) == [3, 2, 4, 1, 0]
    for probability in came.values():
        assert probability.shape == stack.shape[1:]
        assert probability.dtype == np.float32
        assert 0 <= probability.min() < probability.max() <= 1


def test_only_labelled_ones(package, source_of, stack, labels, recipe):
    some = make_target(labels, "mask", recipe.train, slices=[1, 4])
    assert [z for z, _ in quick_previews(package, source_of(stack, some), 0)] == [1, 4]


def test_the_model_stays(package, source):
    before = load_network(package).get_weights()
    list(quick_previews(package, source, 0))
    for a, b in zip(before, load_network(package).get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_stack_of_another_pixel_size(package, source, stack):
    other = replace(source, resampling=Resampling(1.5, 1.5))
    _, probability = next(quick_previews(package, other, 0))
    assert probability.shape == stack.shape[1:]


def test_a_stop_ends_it(package, source):
    asked = iter((False, True))
    assert len(list(quick_previews(package, source, 0, lambda: next(asked)))) == 1


def test_it_does_not_keep_the_training_waiting(package, source):
    assert len(list(quick_previews(package, source, 0, longest_s=-1))) == 1
