"""The loss and the accuracy, against numpy."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_emseg.core.classes import cell_probability, class_within_cells, to_class_map
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.model.network.losses import (
    KnownPixelAccuracy,
    OverlapLoss,
    centreline_dice,
    dice,
    loss_of,
    training_loss,
    weighted_cross_entropy,
)

OVERLAPS = ["dice", "cldice"]


def weighted_cross_entropy_of(probability, classes, weights):
    """The formula, in nats per pixel."""
    right = np.where(classes, probability, 1 - probability)
    return float(-np.mean(weights * np.log(np.clip(right, 1e-7, 1))))


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


@pytest.mark.parametrize("loss", ["cross-entropy", *OVERLAPS])
@pytest.mark.parametrize("classes", [2, 3])
def test_of_what_is_no_number_it_is_none(loss, classes):
    """PyTorch's own operation raises instead."""
    loss = training_loss(TrainConfig(loss=loss), classes)
    channels = np.full((1, 8, 8, 1 if classes == 2 else classes), np.nan, np.float32)
    assert np.isnan(as_numbers(loss(np.ones((1, 8, 8, 1), np.uint8), channels)))


@pytest.mark.parametrize("loss", ["cross-entropy", *OVERLAPS])
def test_the_loss_of_finished_predictions_is_that_of_a_batch(batch, loss):
    probability, classes, weights = batch
    loss = training_loss(TrainConfig(loss=loss))
    expected = loss(classes[..., None], probability[..., None], sample_weight=weights)
    found = loss_of(loss, probability[..., None], classes, weights)
    assert found == pytest.approx(as_numbers(expected), rel=1e-5)


@pytest.mark.parametrize("loss", ["cross-entropy", *OVERLAPS])
def test_unknown_pixels_do_not_count(batch, loss):
    probability, classes, weights = batch
    loss = training_loss(TrainConfig(loss=loss, overlap_weight=1.0))
    known = weights > 0
    expected = loss_of(loss, probability[..., None], classes, weights)
    other = np.where(known, probability, 1 - probability)
    assert loss_of(loss, other[..., None], classes, weights) == pytest.approx(expected, rel=1e-6)
    other = np.where(known, classes, 1 - classes)
    found = loss_of(loss, probability[..., None], other, weights)
    assert found == pytest.approx(expected, rel=1e-6)


# -- overlaps, of membranes ------------------------------------------------------------------------


def numpy_dice(truth, predicted):
    together = (2 * truth * predicted).sum((1, 2)) + 1
    return together / ((truth + predicted).sum((1, 2)) + 1)


def numpy_lines(x, steps=8):
    """Soft skeleton as in the paper's algorithm 1, with scipy's grey morphology."""
    cross = ndi.generate_binary_structure(2, 1)

    def top_hat(x):
        eroded = ndi.grey_erosion(x, footprint=cross, mode="nearest")
        return np.maximum(x - ndi.grey_dilation(eroded, size=(3, 3), mode="nearest"), 0)

    lines = top_hat(x)
    for _ in range(steps):
        x = ndi.grey_erosion(x, footprint=cross, mode="nearest")
        lines += np.maximum(top_hat(x) - lines * top_hat(x), 0)
    return lines


def numpy_centreline_dice(truth, predicted):
    found = []
    for t, p in zip(truth, predicted, strict=True):
        precision = ((numpy_lines(p) * t).sum() + 1) / (numpy_lines(p).sum() + 1)
        recall = ((numpy_lines(t) * p).sum() + 1) / (numpy_lines(t).sum() + 1)
        found.append(2 * precision * recall / (precision + recall))
    return np.array(found)


@pytest.fixture
def membranes():
    """True and predicted membranes (N, Y, X), float32; lines 3 px thick, and noise around them."""
    truth = np.zeros((3, 40, 44), np.float32)
    truth[:, 10:13] = truth[:, 28:31] = truth[:, :, 20:23] = 1
    noise = np.random.default_rng(0).uniform(0, 0.5, truth.shape).astype(np.float32)
    return truth, np.abs(truth - noise)


@pytest.mark.parametrize(
    ("overlap", "twin"), [(dice, numpy_dice), (centreline_dice, numpy_centreline_dice)]
)
def test_overlaps_are_their_numpy_twins(membranes, overlap, twin):
    truth, predicted = membranes
    found = keras.ops.convert_to_numpy(overlap(truth[..., None], predicted[..., None]))
    assert found.shape == (3,)
    np.testing.assert_allclose(found, twin(truth, predicted), rtol=1e-5)


@pytest.mark.parametrize("overlap", [dice, centreline_dice])
def test_overlaps_of_the_same_the_opposite_and_of_nothing(membranes, overlap):
    truth = membranes[0][..., None]
    none = np.zeros_like(truth)
    for other, low, high in [(truth, 0.999, 1), (1 - truth, 0, 0.02)]:
        found = keras.ops.convert_to_numpy(overlap(truth, other))
        assert (found >= low).all()
        assert (found <= high + 1e-6).all()
    np.testing.assert_allclose(keras.ops.convert_to_numpy(overlap(none, none)), 1)


def test_a_gap_costs_centre_lines_more_than_a_thin_membrane_does(membranes):
    truth, _ = membranes
    gap, thin = truth.copy(), truth.copy()
    gap[:, 10:13, 8:14] = 0  # 18 px
    thin[:, 28] = 0  # 44 px, and no gap

    def lost(overlap, predicted):
        return 1 - as_numbers(overlap(truth[:1, ..., None], predicted[:1, ..., None])[0])

    assert lost(dice, gap) < lost(dice, thin)
    assert lost(centreline_dice, gap) > 5 * lost(centreline_dice, thin)


@pytest.mark.parametrize(
    ("overlap", "twin"), [("dice", numpy_dice), ("cldice", numpy_centreline_dice)]
)
def test_overlap_loss_is_cross_entropy_and_the_overlap_of_known_membranes(batch, overlap, twin):
    probability, classes, weights = batch
    known = weights > 0
    lost = 1 - twin((1.0 - classes) * known, (1 - probability) * known).mean()
    loss = OverlapLoss(overlap, 0.7)(
        classes[..., None], probability[..., None], sample_weight=weights
    )
    expected = weighted_cross_entropy_of(*batch) + 0.7 * lost
    assert as_numbers(loss) == pytest.approx(expected, rel=1e-4)


@pytest.fixture
def batch_of_three(batch):
    """Channels (N, Y, X, 3) that sum to one, classes 0..2 and weights."""
    rng, (_, _, weights) = np.random.default_rng(1), batch
    channels = rng.dirichlet(np.ones(3), weights.shape).astype(np.float32)
    return channels, rng.integers(0, 3, weights.shape).astype(np.uint8), weights


@pytest.mark.parametrize("overlap", [None, "dice", "cldice"])
def test_losses_of_three_classes_are_their_numpy_twins(batch_of_three, overlap):
    channels, classes, weights = batch_of_three
    right = np.take_along_axis(channels, classes[..., None], axis=-1)[..., 0]
    expected = -np.mean(weights * np.log(np.clip(right, 1e-7, 1)))
    config = TrainConfig()
    if overlap is not None:
        known = weights > 0
        twin = {"dice": numpy_dice, "cldice": numpy_centreline_dice}[overlap]
        expected += 0.7 * (1 - twin(1.0 * (classes == 0) * known, channels[..., 0] * known).mean())
        config = TrainConfig(loss=overlap, overlap_weight=0.7)
    loss = training_loss(config, classes=3)
    found = loss(classes[..., None], channels, sample_weight=weights)
    assert as_numbers(found) == pytest.approx(expected, rel=1e-4)
    assert loss_of(loss, *batch_of_three) == pytest.approx(expected, rel=1e-4)
    assert type(loss).from_config(loss.get_config()).get_config() == loss.get_config()


@pytest.mark.slow
@pytest.mark.parametrize("overlap", OVERLAPS)
def test_training_lowers_it_and_the_model_file_brings_it_back(
    tiny, network_of, batch, overlap, tmp_path
):
    _, classes, weights = batch
    model = network_of(tiny)
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss=OverlapLoss(overlap, 0.7))
    image = (classes + 0.1)[..., None].astype(np.float32)
    steps = [
        float(model.train_on_batch(image, classes[..., None], sample_weight=weights))
        for _ in range(12)
    ]
    assert np.isfinite(steps).all()
    assert steps[-1] < 0.6 * steps[0]
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras").loss
    assert again.get_config() == model.loss.get_config()


def test_the_config_says_which_loss():
    assert isinstance(training_loss(TrainConfig()), keras.losses.BinaryCrossentropy)
    loss = training_loss(TrainConfig(loss="cldice", overlap_weight=0.3))
    assert (loss.overlap, loss.weight) == ("cldice", 0.3)


# -- accuracy --------------------------------------------------------------------------------------


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


def test_accuracy_of_three_classes_is_that_of_the_class_map(batch_of_three):
    channels, classes, weights = batch_of_three
    metric, known = KnownPixelAccuracy(), weights > 0
    metric.update_state(classes[..., None], channels, weights)
    mask = cell_probability(channels) > 0.5
    predicted = to_class_map(mask, class_within_cells(channels)) - 1
    expected = (predicted == classes)[known].mean()
    assert 0.2 < expected < 0.5
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
