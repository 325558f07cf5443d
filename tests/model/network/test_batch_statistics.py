"""Batch norms take on the statistics of other images, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from keras import layers, ops

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.model.network.batch_statistics import adapt_batch_norms

RNG = np.random.default_rng(1)
TILES = [RNG.normal(k, 1 + k, (32, 48, 1)).astype(np.float32) for k in range(2)]


def first_norm(model):
    return next(each for each in model.layers if isinstance(each, layers.BatchNormalization))


def statistics(model):
    norm = first_norm(model)
    return [np.array(ops.convert_to_numpy(s)) for s in (norm.moving_mean, norm.moving_variance)]


def test_statistics_are_those_of_the_tiles(tiny, network_of):
    model = network_of(tiny)
    convolved = next(each for each in model.layers if isinstance(each, layers.Conv2D))
    features = [ops.convert_to_numpy(convolved(tile[np.newaxis])) for tile in TILES]
    assert adapt_batch_norms(model, TILES, 1.0)
    mean, variance = statistics(model)
    expected = np.mean([each.mean((0, 1, 2)) for each in features], axis=0)
    np.testing.assert_allclose(mean, expected, atol=1e-4)
    expected = np.mean([each.var((0, 1, 2)) for each in features], axis=0)
    np.testing.assert_allclose(variance, expected, rtol=1e-3)


def test_a_share_of_them_is_mixed_in(tiny, network_of):
    before, half, whole = (network_of(tiny) for _ in range(3))
    adapt_batch_norms(half, TILES, 0.5)
    adapt_batch_norms(whole, TILES, 1.0)
    for a, b, c in zip(*map(statistics, (before, whole, half)), strict=True):
        np.testing.assert_allclose(c, (a + b) / 2, rtol=1e-4)


def test_no_weight_and_no_momentum_changes(tiny, network_of):
    model = network_of(tiny)
    weights = [np.array(ops.convert_to_numpy(each)) for each in model.trainable_variables]
    momentum = first_norm(model).momentum
    adapt_batch_norms(model, TILES, 1.0)
    for before, after in zip(weights, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(before, ops.convert_to_numpy(after))
    assert first_norm(model).momentum == momentum


@pytest.mark.parametrize("normalisation", ["none", "layer"])
def test_a_network_without_batch_norms_says_so(network_of, normalisation):
    model = network_of(NetworkConfig(depth=1, base_filters=4, normalisation=normalisation))
    assert not adapt_batch_norms(model, TILES, 1.0)
