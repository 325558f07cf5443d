"""A predictor asks for less where memory is short, and in the end the slice is there."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.segment.tiling import plan_tiles
from napari_emseg.errors import DeviceError, MemoryShortError
from napari_emseg.model.predict.predict import predict_slice
from napari_emseg.model.predict.predictor import Predictor
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime

NETWORK = NetworkConfig(1, 4)
IMAGE = np.random.default_rng(0).integers(0, 256, (1, 300, 420), np.uint8)


class Device:
    """A real network on a device that has room for so many pixels at once."""

    def __init__(self, run, device, room, error=MemoryError):
        self._run, self.device, self._room, self._error = run, device, room, error
        self.name = f"network on {device}"
        self.tile_size, self.maps = run.tile_size, run.maps
        self.seen = []

    def __call__(self, tiles):
        self.seen.append(tiles.shape[:3])
        if np.prod(tiles.shape[:3]) > self._room:
            raise self._error("full")
        return self._run(tiles)


@pytest.fixture(scope="module")
def run(network_of):
    return KerasRuntime(network_of(NETWORK))


@pytest.fixture
def expected(run):
    return predict_slice(IMAGE, run, NETWORK, PredictConfig())


@pytest.fixture
def said():
    return []


@pytest.fixture
def predictor_on(run, said):
    """A predictor whose devices have room for so many pixels, and those devices."""

    def make(gpu, cpu=10**9, error=MemoryError, **config):
        devices = {"auto": Device(run, "gpu:0", gpu, error), "cpu": Device(run, "cpu:0", cpu)}
        predictor = Predictor(
            devices.__getitem__, NETWORK, "auto", PredictConfig(**config), said.append
        )
        return predictor, devices

    return make


def test_where_there_is_room_nothing_changes_and_nothing_is_said(predictor_on, expected, said):
    predictor, devices = predictor_on(gpu=10**9)
    np.testing.assert_allclose(predictor(IMAGE), expected, atol=1e-5)
    assert devices["auto"].seen == [(1, 300, 420)]
    assert not said


def test_first_fewer_tiles_at_once(predictor_on, expected, said):
    predictor, devices = predictor_on(gpu=3 * 128**2, tile_size=128, batch_size=8)
    np.testing.assert_allclose(predictor(IMAGE), expected, atol=1e-4)
    at_once = [shape[0] for shape in devices["auto"].seen]
    assert at_once[:3] == [8, 4, 2]
    assert len({shape[1:] for shape in devices["auto"].seen}) == 1
    assert len(said) == 1
    assert "network on gpu:0 goes on with tiles of" in said[0].message
    assert "2 at a time" in said[0].message


def test_then_smaller_tiles_also_for_the_slices_that_follow(predictor_on, expected, said):
    predictor, devices = predictor_on(gpu=100**2, batch_size=2)
    np.testing.assert_allclose(predictor(IMAGE), expected, atol=1e-4)
    refused = sum(np.prod(shape) > 100**2 for shape in devices["auto"].seen)
    assert refused > 1
    predictor(IMAGE)
    assert sum(np.prod(shape) > 100**2 for shape in devices["auto"].seen) == refused
    assert len(said) == 1


def test_then_the_processor(predictor_on, expected, said):
    predictor, devices = predictor_on(gpu=10)
    np.testing.assert_allclose(predictor(IMAGE), expected, atol=1e-5)
    assert predictor.runtime == "network on cpu:0"
    assert devices["cpu"].seen == [(1, 300, 420)]
    assert len(said) == 1
    assert "Memory was short, so network on cpu:0 goes on" in said[0].message


def test_in_the_end_one_sentence_says_what_to_do(predictor_on, said):
    predictor, _ = predictor_on(gpu=10, cpu=10)
    with pytest.raises(MemoryShortError, match=r"300 x 420\s+px, even tile by tile; close other"):
        predictor(IMAGE)
    assert not said


def test_a_device_that_cannot_run_the_network_hands_over_to_the_processor(
    predictor_on, expected, said
):
    predictor, devices = predictor_on(gpu=10, error=DeviceError)
    np.testing.assert_allclose(predictor(IMAGE), expected, atol=1e-5)
    assert len(devices["auto"].seen) == 1
    assert [each.message for each in said] == ["network on cpu:0 goes on, because: full"]


def test_a_processor_that_cannot_run_the_network(predictor_on, run):
    broken = Device(run, "cpu:0", 10, DeviceError)
    predictor = Predictor(lambda _: broken, NETWORK, "cpu", PredictConfig())
    with pytest.raises(DeviceError, match="full"):
        predictor(IMAGE)


def test_averaging_over_orientations_also_needs_less_at_once(predictor_on, run):
    expected = predict_slice(IMAGE, run, NETWORK, PredictConfig(tta=True))
    predictor, _ = predictor_on(gpu=150**2, batch_size=4, tta=True)
    np.testing.assert_allclose(predictor(IMAGE), expected, atol=1e-4)


def test_a_region(predictor_on, expected):
    predictor, _ = predictor_on(gpu=10**9)
    region = slice(100, 150), slice(10, 400)
    np.testing.assert_allclose(predictor(IMAGE, region), expected[region], atol=1e-4)


def test_where_nobody_says_tiles_are_what_suits_the_runtime(run):
    device = Device(run, "cpu:0", 10**9)
    device.tile_size = 128
    cost = Predictor(lambda _: device, NETWORK, "cpu", PredictConfig()).cost((300, 420))
    assert cost.tiles == len(plan_tiles((300, 420), 128, NETWORK.reach, NETWORK.multiple)) > 1


def test_tiles_are_as_large_as_somebody_says(run):
    device = Device(run, "cpu:0", 10**9)
    device.tile_size = 128
    wanted = PredictConfig(tile_size=512)
    assert Predictor(lambda _: device, NETWORK, "cpu", wanted).cost((300, 420)).tiles == 1


@pytest.mark.parametrize("tta", [False, True])
def test_the_outlook_counts_tiles_and_measures_one(run, tta):
    device = Device(run, "cpu:0", 10**9)
    config = PredictConfig(tile_size=128, tta=tta)
    cost = Predictor(lambda _: device, NETWORK, "cpu", config).cost((300, 420))
    tiles = plan_tiles((300, 420), 128, NETWORK.reach, NETWORK.multiple)
    assert cost.runtime == "network on cpu:0"
    assert cost.tiles == len(tiles) > 1
    assert device.seen == [(1, *tiles[0].shape)] * 2
    assert 0 < cost.seconds < 60
    assert cost.bytes_at_once > 4 * 300 * 420
