"""Batch normalisation by one operation."""

from __future__ import annotations

import keras
import numpy as np

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.model.network.fused_norm import FusedBatchNormalization
from napari_emseg.model.network.precision import in_precision
from napari_emseg.model.network.unet import build_unet


def norms(model):
    return [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]


def test_learns_what_keras_own_learns():
    plain = build_unet(NetworkConfig(1, 4))
    fused = in_precision(plain, "float32", training=True)
    rng = np.random.default_rng(0)
    image = rng.standard_normal((2, 16, 16, 1), dtype=np.float32)
    classes = rng.integers(0, 2, (2, 16, 16, 1), np.uint8)
    losses = []
    for model in (plain, fused):
        model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
        losses.append([float(model.train_on_batch(image, classes)) for _ in range(3)])
    np.testing.assert_allclose(*losses, rtol=1e-4)
    for ours, theirs in zip(fused.get_weights(), plain.get_weights(), strict=True):
        # TensorFlow keeps the unbiased variance, of 512 or 128 pixels here
        np.testing.assert_allclose(ours, theirs, rtol=0.02, atol=1e-3)


def test_keeps_its_statistics_in_single_precision():
    plain = build_unet(NetworkConfig(1, 4))
    image = np.random.default_rng(0).standard_normal((2, 16, 16, 1), dtype=np.float32)
    kept = []
    for precision in ("float32", "mixed_bfloat16"):
        model = in_precision(plain, precision, training=True)
        model(image, training=True)
        kept.append([keras.ops.convert_to_numpy(each.moving_variance) for each in norms(model)])
    for single, half in zip(*kept, strict=True):
        assert half.dtype == np.float32
        np.testing.assert_allclose(half, single, rtol=0.02)
        assert (half != half.astype(np.float16)).any()


def test_is_only_where_a_network_is_trained():
    plain = build_unet(NetworkConfig(1, 4))
    trained = in_precision(plain, "float32", training=True)
    assert all(isinstance(each, FusedBatchNormalization) for each in norms(trained))
    for kept in (
        in_precision(trained, "float32"),
        in_precision(plain, "mixed_float16", training=True),
    ):
        assert {type(each) for each in norms(kept)} == {keras.layers.BatchNormalization}


def test_is_saved_with_a_run_and_read_again(tmp_path):
    trained = in_precision(build_unet(NetworkConfig(1, 4)), "float32", training=True)
    trained.save(tmp_path / "last.keras")
    again = keras.models.load_model(tmp_path / "last.keras")
    assert all(isinstance(each, FusedBatchNormalization) for each in norms(again))
