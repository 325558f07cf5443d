"""The network that learns and the twin that is judged and kept."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from hostile_packages import reseal
from napari_emseg.errors import MemoryShortError, ModelError
from napari_emseg.model.network.boundary_distance import without_distance
from napari_emseg.model.network.precision import precision_of
from napari_emseg.model.packages.package import read_package
from napari_emseg.model.train.learner import new_learner, resumed_learner
from napari_emseg.model.train.run_folder import RunFolder


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    image = rng.random((2, 16, 16), dtype=np.float32)
    return image, (image > 0.5).astype(np.uint8), np.ones(image.shape, np.float32)


@pytest.fixture
def begin(recipe):
    def new(*, precision="float32", start_from=None, **changes):
        config = replace(recipe.train, **changes)
        return new_learner(recipe.network, config, precision=precision, start_from=start_from)

    return new


def trainable(model):
    return [keras.ops.convert_to_numpy(each) for each in model.trainable_variables]


def assert_equal(ours, theirs, **tolerance):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, **tolerance)


def test_without_an_average_the_twin_has_the_weights(begin, batch):
    learner = begin()
    learner.step(batch, 1e-2)
    assert_equal(learner.settled().get_weights(), learner.model.get_weights())


@pytest.fixture
def with_room(begin, monkeypatch):
    """A learner on a device with memory for so many patches at once."""

    def make(room):
        learner = begin()
        learn = learner.model.train_on_batch

        def learn_from(image, *rest, **more):
            if len(image) > room:
                raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory")
            learner.learned.append(len(image))
            return learn(image, *rest, **more)

        learner.learned = []
        monkeypatch.setattr(learner.model, "train_on_batch", learn_from)
        return learner

    return make


@pytest.mark.slow
def test_where_memory_is_short_patches_go_through_in_smaller_groups(with_room):
    rng = np.random.default_rng(0)
    image = rng.random((7, 16, 16), dtype=np.float32)
    batch = image, (image > 0.5).astype(np.uint8), np.ones(image.shape, np.float32)
    learner = with_room(2)
    assert np.isfinite(learner.step(batch, 1e-2)["loss"])
    assert learner.learned == [1] * 7  # 7, then 3, then 1 fits
    learner = with_room(3)
    learner.step(batch, 1e-2)
    learner.step(batch, 1e-2)
    assert learner.learned == [3, 3, 1] * 2


def test_without_room_for_one_patch(with_room, batch):
    with pytest.raises(MemoryShortError, match=r"patch_size: .* a single patch"):
        with_room(0).step(batch, 1e-2)


@pytest.mark.slow
def test_the_twin_has_the_running_average(begin, batch):
    learner, expected = begin(ema=0.8), None
    for _ in range(4):
        learner.step(batch, 1e-2)
        now = trainable(learner.model)
        expected = now if expected is None else [
            0.8 * a + 0.2 * b for a, b in zip(expected, now, strict=True)
        ]  # fmt: skip
    before = learner.model.get_weights()
    assert_equal(trainable(learner.settled()), expected, rtol=1e-4, atol=1e-6)
    assert_equal(learner.model.get_weights(), before)  # and the training goes on where it was


def test_the_twin_is_a_mean_with_former_weights(begin, batch):
    learner, former = begin(), begin()
    learner.keep_part_of(former.model, 0.25)
    learner.step(batch, 1e-2)
    now, before = learner.model.get_weights(), former.model.get_weights()
    expected = [0.25 * a + 0.75 * b for a, b in zip(before, now, strict=True)]
    assert_equal(learner.settled().get_weights(), expected, rtol=1e-5, atol=1e-6)
    assert_equal(learner.model.get_weights(), now)


@pytest.mark.slow
@pytest.mark.parametrize("half", ["float16", "bfloat16"])
def test_half_precision_is_kept_in_single(begin, batch, half):
    learner = begin(precision=f"mixed_{half}")
    assert keras.config.dtype_policy().name == "float32"
    assert any(layer.compute_dtype == half for layer in learner.model.layers)
    learned = learner.step(batch, 1e-3)
    assert np.isfinite(learned["loss"])
    assert {layer.compute_dtype for layer in learner.settled().layers} == {"float32"}
    assert_equal(learner.settled().get_weights(), learner.model.get_weights())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "ema"),
    [
        ("float32", "float32", 0.8),
        ("mixed_float16", "mixed_float16", 0.8),
        ("mixed_float16", "float32", 0.0),
        ("float32", "mixed_float16", 0.8),
        ("float32", "mixed_bfloat16", 0.0),
        ("mixed_bfloat16", "mixed_bfloat16", 0.8),
        ("mixed_float16", "mixed_bfloat16", 0.8),
    ],
)
@pytest.mark.parametrize("weight", [0.0, 5.0])
def test_a_run_goes_on_in_either_precision(
    begin, batch, recipe, tmp_path, before, after, ema, weight
):
    changes = {"ema": ema, "distance_weight": weight}
    learner, folder = begin(precision=before, **changes), RunFolder(tmp_path)
    for _ in range(2):
        learner.step(batch, 1e-2)
    folder.keep_last(learner.model.save, [])
    config = replace(recipe.train, **changes)
    resumed = resumed_learner(folder, recipe.network, config, precision=after)
    assert precision_of(resumed.model) == after
    assert_equal(resumed.settled().get_weights(), learner.settled().get_weights())
    # the optimizer's state came along: both learn the same from here on
    learner.step(batch, 1e-3)
    resumed.step(batch, 1e-3)
    tolerance = {"atol": 1e-6} if before == after else {"atol": 1e-2}
    assert_equal(trainable(resumed.model), trainable(learner.model), **tolerance)


def test_an_epoch_draws_the_same_whatever_came_before(recipe, batch):
    network = replace(recipe.network, dropout=0.3)
    learner = new_learner(network, recipe.train, precision="float32", start_from=None)
    image = batch[0][..., np.newaxis]

    def drawn(seed, epoch):
        learner.begin_epoch(seed, epoch)
        return [keras.ops.convert_to_numpy(learner.model(image, training=True)) for _ in range(2)]

    first = drawn(1, 1)
    assert not np.array_equal(*first)
    assert not np.array_equal(drawn(1, 2)[0], first[0])
    assert not np.array_equal(drawn(2, 1)[0], first[0])
    assert_equal(drawn(1, 1), first, rtol=1e-6)


def test_weights_that_do_not_fit_their_description(begin, package_at, tmp_path):
    package = read_package(package_at(tmp_path / "p"))
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, keras.layers.Conv2D(1, 1)(inputs))
    model.save(package.weights)
    reseal(package.folder)
    with pytest.raises(ModelError, match=r"from: the weights of .* do not fit the network"):
        begin(start_from=package)


def test_a_network_that_is_built_otherwise_goes_on_as_it_is(begin, package_at, batch, tmp_path):
    package = read_package(package_at(tmp_path / "p"))
    inputs = keras.Input((None, None, 1))
    x = keras.layers.MaxPooling2D()(keras.layers.Conv2D(5, 3, padding="same")(inputs))
    outputs = keras.layers.Conv2DTranspose(1, 2, strides=2, activation="sigmoid")(x)
    model = keras.Model(inputs, outputs)
    model.save(package.weights)
    reseal(package.folder)
    learner = begin(start_from=package)
    assert_equal(learner.settled().get_weights(), model.get_weights())
    assert np.isfinite(learner.step(batch, 1e-3)["loss"])


# -- distances ------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_distances_are_learned_and_the_network_is_kept_without_them(begin, batch, precision):
    learner = begin(distance_weight=5.0, precision=precision)
    before, distance = learner.model.predict_on_batch(batch[0])
    assert distance.dtype == np.float32
    for _ in range(30):
        logs = learner.step(batch, 1e-2)
    _, learned = learner.model.predict_on_batch(batch[0])
    kept = learner.settled()
    assert kept.output_names == ["probability"]
    told = kept.predict_on_batch(batch[0])
    np.testing.assert_allclose(told, learner.model.predict_on_batch(batch[0])[0], atol=0.03)
    assert np.abs(learned - distance).mean() > 0.05
    assert np.abs(told - before).mean() > 0.05
    assert set(logs) == {"loss", "accuracy"}


def test_what_is_told_of_the_loss_is_that_of_the_classes_alone(begin, batch):
    image, classes, weights = batch
    learner = begin(distance_weight=100.0)
    logs = learner.step(batch, 0.0)
    told, _ = learner.model(image[..., None], training=True)
    expected = keras.losses.BinaryCrossentropy()(classes[..., None], told, sample_weight=weights)
    assert logs["loss"] == pytest.approx(float(expected), rel=1e-4)


def test_with_distances_the_former_weights_are_those_of_the_network(begin, batch):
    learner, former = begin(distance_weight=5.0), begin()
    learner.step(batch, 1e-2)
    now, before = learner.settled().get_weights(), former.model.get_weights()
    learner.keep_part_of(former.model, 0.25)
    expected = [0.25 * a + 0.75 * b for a, b in zip(before, now, strict=True)]
    assert_equal(learner.settled().get_weights(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_with_distances_the_twin_has_the_running_average(begin, batch):
    learner, expected = begin(distance_weight=5.0, ema=0.8), None
    for _ in range(4):
        learner.step(batch, 1e-2)
        now = trainable(without_distance(learner.model))
        expected = now if expected is None else [
            0.8 * a + 0.2 * b for a, b in zip(expected, now, strict=True)
        ]  # fmt: skip
    assert_equal(trainable(learner.settled()), expected, rtol=1e-4, atol=1e-6)
