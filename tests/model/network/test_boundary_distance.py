"""The output that only a training has: distances to the nearest membrane."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops
from scipy import ndimage as ndi

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.model.network.boundary_distance import (
    DistanceLoss,
    membrane_distance,
    tells_distance,
    with_distance,
    without_distance,
)
from napari_emseg.model.network.unet import build_unet


def distances(classes):
    return ops.convert_to_numpy(membrane_distance(classes[None, ..., None]))[0, ..., 0]


def test_distances_are_those_of_scipy_up_to_16_px():
    rng = np.random.default_rng(0)
    classes = (rng.random((60, 50)) > 0.004).astype(np.uint8)
    expected = ndi.distance_transform_cdt(classes, "chessboard")
    assert expected.max() > 16
    np.testing.assert_allclose(distances(classes), np.minimum(expected, 16) / 16, atol=1e-6)


def test_without_a_membrane_all_is_far_and_further_classes_are_cell():
    assert (distances(np.ones((40, 40), np.uint8)) == 1).all()
    classes = np.ones((8, 8), np.uint8)
    classes[2] = 0
    others = classes * np.random.default_rng(0).integers(1, 3, classes.shape, np.uint8)
    np.testing.assert_array_equal(distances(others), distances(classes))


def test_the_loss_is_the_squared_error_of_the_known_pixels():
    classes = np.ones((1, 8, 8, 1), np.uint8)
    classes[:, 3] = 0
    told = ops.convert_to_numpy(membrane_distance(classes)) + np.float32(0.25)
    known = np.ones((1, 8, 8), np.float32)
    assert float(DistanceLoss()(classes, told, sample_weight=known)) == pytest.approx(0.25**2)
    told[:, 5:] = 7
    known[:, 5:] = 0
    assert float(DistanceLoss()(classes, told, sample_weight=known)) == pytest.approx(
        0.25**2 * 5 / 8
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_the_network_itself_stays_what_it_is(classes):
    network = build_unet(NetworkConfig(depth=1, base_filters=2, classes=classes))
    both = with_distance(network)
    image = np.random.default_rng(0).random((1, 8, 8, 1), dtype=np.float32)
    told, distance = both.predict_on_batch(image)
    assert distance.shape == (1, 8, 8, 1)
    assert tells_distance(both)
    assert not tells_distance(without_distance(both))
    np.testing.assert_array_equal(without_distance(both).predict_on_batch(image), told)
    np.testing.assert_array_equal(network.predict_on_batch(image), told)
    assert without_distance(network) is network
