"""Slices of any size through a network, whole or in tiles: the same probability."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.segment.tiling import plan_tiles
from napari_emseg.io.samples import phantom
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.packages.library import DEFAULT, find_model
from napari_emseg.model.predict.predict import predict_slice, predict_slices
from napari_emseg.model.predict.predictor import Predictor
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime, load_network
from napari_emseg.types import Stack

SMALL = PredictConfig(tile_size=64)
WHOLE = PredictConfig(tile_size=16384)


@pytest.fixture(scope="module")
def runtimes(network_of):
    configs = [
        NetworkConfig(1, 4), NetworkConfig(2, 4, residual=False), NetworkConfig(3, 2),
        NetworkConfig(1, 4, classes=3),
    ]  # fmt: skip
    return [(config, KerasRuntime(network_of(config))) for config in configs]


def pixels_of(shape, dtype=np.uint8):
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


def predicted_slices(stack, slices, runtime, network, **how):
    predictor = Predictor(lambda _: runtime, network, "cpu", WHOLE)
    return predict_slices(stack, slices, predictor, network, **how)


def slice_of(shape, dtype=np.uint8):
    """A slice as the network sees it: (1, Y, X)."""
    return pixels_of(shape, dtype)[np.newaxis]


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("shape", [(260, 301), (180, 420)])
def test_no_seams(runtimes, which, shape):
    network, runtime = runtimes[which]
    image = slice_of(shape)
    whole = predict_slice(image, runtime, network, WHOLE)
    tiled = predict_slice(image, runtime, network, SMALL)
    assert len(plan_tiles(shape, SMALL.tile_size, network.reach, network.multiple)) > 1
    assert np.ptp(whole) > 0.01
    assert np.abs(tiled - whole).max() < 1e-4


def test_no_seams_of_the_model_that_ships():
    """A deep network sees on to its reach but faintly; tiles overlap as far as it matters."""
    package, tissue = find_model(DEFAULT), phantom()[0].slice(3)
    network = package.info.network
    image = np.tile(np.block([[tissue, np.fliplr(tissue)]]), (2, 2))[np.newaxis, :700, :620]
    runtime = KerasRuntime(load_network(package))
    whole = predict_slice(image, runtime, network, WHOLE)
    tiled = predict_slice(image, runtime, network, SMALL)
    assert len(plan_tiles(image.shape[1:], SMALL.tile_size, network.reach, network.multiple)) > 4
    assert np.abs(tiled - whole).max() < 0.01


def test_where_three_tiles_share_a_pixel(network_of):
    """Tiles of 512 px on a slice of 784: the middle one fades at both its ends."""
    network = NetworkConfig(4, 2)
    runtime = KerasRuntime(network_of(network))
    image = slice_of((32, 784))
    whole = predict_slice(image, runtime, network, WHOLE)
    tiled = predict_slice(image, runtime, network, SMALL)
    assert np.abs(tiled - whole).max() < 0.01


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize(
    "region",
    [
        (slice(0, 40), slice(0, 50)), (slice(101, 150), slice(90, 233)),
        (slice(200, 260), slice(77, 301)), (slice(0, 260), slice(0, 301)),
    ],
)  # fmt: skip
def test_a_region_is_what_the_whole_slice_has_there(runtimes, which, region):
    network, runtime = runtimes[which]
    image = slice_of((260, 301))
    whole = predict_slice(image, runtime, network, WHOLE)
    for config in (WHOLE, SMALL):
        part = predict_slice(image, runtime, network, config, region)
        np.testing.assert_allclose(part, whole[region], atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (64, 65), (97, 31)])
def test_any_size(runtimes, shape):
    for network, runtime in runtimes:
        channels = predict_slice(slice_of(shape), runtime, network, SMALL)
        assert channels.shape == (*shape, network.channels)
        assert channels.dtype == np.float32
        assert channels.min() >= 0
        assert channels.max() <= 1


def test_blending_keeps_to_0_and_1():
    """Weights of float32 sum to a little more than 1 here and there."""
    network = NetworkConfig(1, 4)
    predicted = predict_slice(slice_of((300, 301)), lambda tiles: tiles * 0 + 1, network, SMALL)
    assert 0.999 < predicted.min() <= predicted.max() == 1


def test_tiles_in_batches_give_the_same(runtimes):
    network, runtime = runtimes[0]
    image = slice_of((200, 230))
    one = predict_slice(image, runtime, network, SMALL)
    many = predict_slice(image, runtime, network, PredictConfig(tile_size=64, batch_size=5))
    np.testing.assert_allclose(many, one, atol=1e-5)


@pytest.mark.parametrize("which", [0, 3])
@pytest.mark.parametrize("move", [np.fliplr, np.flipud, np.rot90, np.transpose])
def test_averaged_over_all_orientations_none_is_preferred(runtimes, which, move):
    """64 x 64 px: a slice that needs no padding, which lies below and right of it."""
    network, runtime = runtimes[which]
    image = slice_of((64, 64))[0]

    def predicted(image, **config):
        channels = predict_slice(image[np.newaxis], runtime, network, PredictConfig(**config))
        return np.moveaxis(channels, -1, 0)

    expected = np.stack([move(each) for each in predicted(image, tta=True)])
    np.testing.assert_allclose(predicted(move(image), tta=True), expected, atol=1e-5)
    assert np.abs(predicted(move(image)) - expected).max() > 0.01


def test_averaging_over_orientations_in_tiles(runtimes):
    network, runtime = runtimes[0]
    image = slice_of((200, 230))
    whole = predict_slice(image, runtime, network, PredictConfig(tta=True))
    tiled = PredictConfig(tile_size=64, batch_size=5, tta=True)
    assert np.abs(predict_slice(image, runtime, network, tiled) - whole).max() < 1e-4


@pytest.mark.parametrize("dtype", ["uint16", "int32", "float32", "float64"])
def test_grey_scale_and_dtype_do_not_matter(runtimes, dtype):
    network, runtime = runtimes[0]
    expected = predict_slice(slice_of((40, 50)), runtime, network, WHOLE)
    image = slice_of((40, 50), dtype) * 100 + 7
    np.testing.assert_allclose(predict_slice(image, runtime, network, WHOLE), expected, atol=1e-4)


def test_slices_come_in_the_order_asked_for(runtimes):
    network, runtime = runtimes[0]
    stack = Stack(pixels_of((4, 30, 34)))
    found = dict(predicted_slices(stack, [3, 0, 2], runtime, network))
    assert list(found) == [3, 0, 2]
    expected = predict_slice(stack.slice(2)[np.newaxis], runtime, network, WHOLE)
    np.testing.assert_array_equal(found[2], expected)


def test_a_wish_to_stop_is_heard_before_the_next_slice(runtimes):
    network, runtime = runtimes[0]
    stack, done = Stack(pixels_of((4, 30, 34))), []
    predicted = predicted_slices(
        stack, range(4), runtime, network, should_stop=lambda: len(done) == 2
    )
    for z, _ in predicted:
        done.append(z)  # as it goes: `should_stop` looks at it
    assert done == [0, 1]


def test_lazy_stacks(runtimes):
    da = pytest.importorskip("dask.array")
    network, runtime = runtimes[0]
    data = pixels_of((2, 30, 34))
    lazy = Stack(da.from_array(data, chunks=(1, 16, 16)))
    (_, found), *_ = predicted_slices(lazy, [1], runtime, network)
    np.testing.assert_array_equal(found, predict_slice(data[1:], runtime, network, WHOLE))


# -- networks that see the neighbours ----------------------------------------------------------


def test_three_slices_of_any_size_and_without_seams(network_of):
    network = NetworkConfig(2, 4, input_slices=3)
    runtime = KerasRuntime(network_of(network))
    seen = pixels_of((3, 130, 301))
    whole = predict_slice(seen, runtime, network, WHOLE)
    assert whole.shape == (130, 301, 1)
    assert np.abs(predict_slice(seen, runtime, network, SMALL) - whole).max() < 1e-4


def test_each_slice_is_predicted_among_its_neighbours(network_of):
    """What a change of one slice changes is the prediction of it and of those beside it."""
    network = NetworkConfig(1, 4, input_slices=3)
    runtime = KerasRuntime(network_of(network))
    data = pixels_of((6, 30, 34))
    before = dict(predicted_slices(Stack(data), range(6), runtime, network))
    changed = data.copy()
    changed[3, 10:20, 10:20] = 0
    after = dict(predicted_slices(Stack(changed), range(6), runtime, network))
    assert [z for z in range(6) if (before[z] != after[z]).any()] == [2, 3, 4]


@pytest.mark.parametrize(("z", "seen"), [(0, [0, 0, 1]), (1, [0, 1, 2]), (3, [2, 3, 3])])
def test_edge_slices_are_repeated(z, seen):
    stack = Stack(pixels_of((4, 5, 6)))
    read = read_seen(stack, z, NetworkConfig(input_slices=3))
    np.testing.assert_array_equal(read, stack.data[seen])
    np.testing.assert_array_equal(read_seen(stack, z, NetworkConfig()), stack.data[[z]])


def test_a_single_slice_is_its_own_neighbour():
    stack = Stack(pixels_of((1, 5, 6)))
    read = read_seen(stack, 0, NetworkConfig(input_slices=3))
    np.testing.assert_array_equal(read, stack.data[[0, 0, 0]])
