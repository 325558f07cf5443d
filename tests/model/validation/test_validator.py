"""What is scored, where, and which threshold is kept."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.train.source import Source
from napari_emseg.core.train.split import Split
from napari_emseg.core.train.targets import SliceTarget, Target
from napari_emseg.model.network.losses import weighted_cross_entropy
from napari_emseg.model.runtimes.keras_runtime import KerasRuntime
from napari_emseg.model.validation.validator import Validator, steady_threshold
from napari_emseg.types import Stack

NETWORK = NetworkConfig(depth=1, base_filters=4)


@pytest.mark.parametrize(
    ("v_rand", "threshold"),
    [
        ((0.5, 0.8, 0.9, 0.8, 0.5), 0.3),
        ((0.5, 0.99, 0.5, 0.9, 0.92, 0.9), 0.5),  # a lone peak is luck
        ((0.9, 0.8, 0.1), 0.1),
        ((0.1, 0.8, 0.9), 0.3),
    ],
)
def test_threshold_stands_on_a_plateau(v_rand, threshold):
    thresholds = [(k + 1) / 10 for k in range(len(v_rand))]
    assert steady_threshold(thresholds, np.array(v_rand)) == pytest.approx(threshold)


def seeing(up_to: float = 1) -> keras.Model:
    """A network that calls cell what is bright, with so much probability at most."""
    image = keras.Input((None, None, 1))
    bright = keras.layers.Conv2D(
        1, 1, activation="sigmoid", kernel_initializer=keras.initializers.Constant(10.0)
    )
    return keras.Model(image, keras.layers.Rescaling(up_to)(bright(image)))


@pytest.fixture
def truth(labels) -> np.ndarray:
    return (labels[:3, :64, :64] > 0).astype(np.uint8)


def validator(image, truth, weights, split):
    target = Target(truth.shape, {
        z: SliceTarget(truth[z], weights[z].astype(np.float32)) for z in range(3)
    })  # fmt: skip
    noise = np.random.default_rng(1).random(image.shape) * 10  # flat areas are no tissue
    grey = (image * 100 + noise).astype(np.float32)
    return Validator(Source(Stack(grey), target, split), NETWORK, weighted_cross_entropy())


def test_a_perfect_network_has_perfect_scores(truth):
    validate = validator(truth, truth, np.ones(truth.shape), Split((0, 1), (2,)))
    assert validate.judges_by_v_rand
    judged = validate(seeing())
    assert judged.probability.shape == (64, 64)
    assert validate.first_slice == 2
    for name in ("v_rand", "val_v_rand", "val_v_info", "val_accuracy"):
        assert judged.scores[name] == pytest.approx(1, abs=0.02), name


def test_v_rand_of_any_runtime_around_a_threshold(truth):
    validate = validator(truth, truth, np.ones(truth.shape), Split((0, 1), (2,)))
    expected = validate(seeing()).scores["val_v_rand"]
    assert validate.v_rand(KerasRuntime(seeing()), 0.5) == pytest.approx(expected)
    pale = KerasRuntime(seeing(up_to=0.42))  # above that there is no cell: at 0.4 all is well
    assert validate.v_rand(pale, 0.3) == pytest.approx(expected)
    none, some = (validate.v_rand(pale, threshold) for threshold in (0.6, 0.5))
    assert none < some == pytest.approx((4 * none + expected) / 5)


def test_what_is_unknown_counts_nowhere(truth):
    """Nonsense in the unknown part of the image changes no score."""
    known = np.ones(truth.shape, bool)
    known[:, :, 51:] = False  # from the middle of a membrane on
    image, classes = truth.copy(), truth * known
    image[:, :, 51:] = np.random.default_rng(0).random((3, 64, 13)) > 0.5
    scores = validator(image, classes, known, Split((0, 1), (2,)))(seeing()).scores
    assert scores["val_accuracy"] == 1
    assert scores["val_v_rand"] > 0.98


def test_scribbles_are_judged_by_the_loss(truth):
    known = np.random.default_rng(0).random(truth.shape) < 0.4
    validate = validator(truth, truth * known, known, Split((0, 1), (2,)))
    assert not validate.judges_by_v_rand
    scores = validate(seeing()).scores
    assert math.isnan(scores["val_v_rand"])
    assert math.isfinite(scores["val_loss"])
    assert scores["val_accuracy"] == 1
    assert scores["threshold"] == 0.5


def test_one_cell_alone_is_judged_by_the_loss(truth):
    """It cannot be merged with another: V_rand would be 1 whatever is predicted."""
    one = np.ones_like(truth)
    one[:, :4] = 0
    validate = validator(truth, one, np.ones(truth.shape), Split((0, 1), (2,)))
    assert not validate.judges_by_v_rand
    assert math.isnan(validate(seeing()).scores["val_v_rand"])


def test_of_a_divided_slice_only_the_held_out_part_validates(truth):
    """The network is wrong on the left, where it would have been trained, and right elsewhere."""
    image = truth.copy()
    image[:, :, :32] = 1 - image[:, :, :32]
    scores = validator(image, truth, np.ones(truth.shape), Split((1,), (1,), 32))(seeing()).scores
    assert scores["val_accuracy"] == 1
    assert scores["val_v_rand"] > 0.9
    assert scores["v_rand"] < 0.7


def test_weights_that_are_no_numbers_show_in_the_loss(truth):
    model = seeing()
    model.set_weights([each * np.nan for each in model.get_weights()])
    scores = validator(truth, truth, np.ones(truth.shape), Split((0, 1), (2,)))(model).scores
    assert math.isnan(scores["val_loss"])
