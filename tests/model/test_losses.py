"""The loss and the accuracy, against numpy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from napari_emseg.model.losses import (
    KnownPixelAccuracy,
    weighted_cross_entropy,
    weighted_cross_entropy_of,
)


@pytest.fixture
def batch():
    """Probability, classes and weights (N, Y, X); a third of the pixels unknown."""
    rng = np.random.default_rng(0)
    probability = rng.uniform(0.001, 0.999, (3, 10, 12)).astype(np.float32)
    classes = rng.integers(0, 2, probability.shape).astype(np.uint8)
    weights = (rng.random(probability.shape) * (rng.random(probability.shape) > 0.3)) * 9
    return probability, classes, weights.astype(np.float32)


def as_numbers(value):
    return float(keras.ops.convert_to_numpy(value))


def test_the_loss_is_its_numpy_twin(batch):
    probability, classes, weights = batch
    loss = weighted_cross_entropy()(
        classes[..., None].astype(np.float32), probability[..., None], sample_weight=weights
    )
    assert as_numbers(loss) == pytest.approx(weighted_cross_entropy_of(*batch), rel=1e-5)


def test_certain_and_wrong_costs_much_and_not_infinitely_much():
    probability, classes = np.array([[[0.0, 1.0]]], np.float32), np.array([[[1, 0]]], np.uint8)
    weights = np.ones_like(probability)
    loss = weighted_cross_entropy()(
        classes[..., None].astype(np.float32), probability[..., None], sample_weight=weights
    )
    twin = weighted_cross_entropy_of(probability, classes, weights)
    assert 10 < twin < 20
    assert as_numbers(loss) == pytest.approx(twin, rel=0.02)


def test_the_twin_is_the_formula():
    probability = np.array([[[0.25, 0.8]]], np.float32)
    loss = weighted_cross_entropy_of(probability, np.array([[[1, 0]]]), np.array([[[2.0, 3.0]]]))
    assert loss == pytest.approx(-(2 * np.log(0.25) + 3 * np.log(0.2)) / 2, rel=1e-6)


def test_unknown_pixels_do_not_count(batch):
    probability, classes, weights = batch
    other = np.where(weights > 0, probability, 1 - probability)
    assert weighted_cross_entropy_of(other, classes, weights) == weighted_cross_entropy_of(*batch)


def test_accuracy_counts_known_pixels_alone_and_each_once(batch):
    probability, classes, weights = batch
    metric = KnownPixelAccuracy(name="accuracy")
    metric.update_state(
        keras.ops.convert_to_tensor(classes[..., None]),
        keras.ops.convert_to_tensor(probability[..., None]),
        keras.ops.convert_to_tensor(weights),
    )
    known = weights > 0
    expected = ((probability > 0.5) == classes)[known].mean()
    assert as_numbers(metric.result()) == pytest.approx(expected, abs=1e-6)


def test_accuracy_without_weights_counts_all(batch):
    probability, classes, _ = batch
    metric = KnownPixelAccuracy()
    metric.update_state(classes[..., None], probability[..., None])
    expected = ((probability > 0.5) == classes).mean()
    assert as_numbers(metric.result()) == pytest.approx(expected, abs=1e-6)


def test_a_step_reports_the_weighted_loss(tiny, network_of, batch):
    """What `train_on_batch` says of a model is what the twin says of its prediction."""
    _, classes, weights = batch
    model = network_of(tiny)
    model.compile(
        optimizer=keras.optimizers.SGD(0.0), loss=weighted_cross_entropy(),
        weighted_metrics=[KnownPixelAccuracy(name="accuracy")],
    )  # fmt: skip
    image = np.random.default_rng(1).standard_normal((3, 10, 12, 1), dtype=np.float32)
    logs = model.test_on_batch(image, classes[..., None], sample_weight=weights, return_dict=True)
    probability = model.predict_on_batch(image)[..., 0]
    known = weights > 0
    right = ((probability > 0.5) == classes)[known].mean()
    twin = weighted_cross_entropy_of(probability, classes, weights)
    assert float(logs["loss"]) == pytest.approx(twin, rel=1e-4)
    assert float(logs["accuracy"]) == pytest.approx(right, abs=1e-6)
