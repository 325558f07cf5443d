"""Networks in half and single precision."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.model.network import precision
from napari_emseg.model.network.precision import fastest_precision, in_precision, precision_of
from napari_emseg.model.network.unet import build_unet


@pytest.mark.parametrize(("half", "digits"), [("mixed_float16", 0.02), ("mixed_bfloat16", 0.1)])
@pytest.mark.parametrize("classes", [2, 3])
def test_half_precision_and_back(classes, half, digits):
    model = build_unet(NetworkConfig(1, 4, classes=classes))
    halved = in_precision(model, half)
    assert precision_of(halved) == half
    assert halved.output.dtype == "float32"
    again = in_precision(halved, "float32")
    assert precision_of(again) == precision_of(model) == "float32"
    image = np.random.default_rng(0).standard_normal((1, 16, 16, 1), dtype=np.float32)
    expected = model.predict_on_batch(image)
    np.testing.assert_array_equal(again.predict_on_batch(image), expected)
    np.testing.assert_allclose(halved.predict_on_batch(image), expected, atol=digits)


@pytest.mark.parametrize("half", ["mixed_float16", "mixed_bfloat16"])
def test_what_drops_out_is_the_same_in_a_network_that_was_saved(half, tmp_path):
    model = in_precision(build_unet(NetworkConfig(1, 4, dropout=0.3)), half, training=True)
    model.save(tmp_path / "saved.keras")
    image = np.random.default_rng(0).standard_normal((1, 16, 16, 1), dtype=np.float32)
    outputs = []
    for each in (model, keras.models.load_model(tmp_path / "saved.keras")):
        each.get_layer("bottom_dropout").seed_generator.state.assign([5, 7])
        outputs.append(keras.ops.convert_to_numpy(each(image, training=True)))
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize(
    ("flags", "fastest"),
    [
        ("fpu avx512f avx512_bf16 avx512_vnni", "mixed_bfloat16"),
        ("fpu amx_bf16", "mixed_bfloat16"),
        ("fpu avx2", "float32"),
        (None, "float32"),
    ],
)
def test_a_processor_takes_bfloat16_where_it_says_so(flags, fastest, tmp_path, monkeypatch):
    told = tmp_path / "cpuinfo"
    if flags is not None:
        told.write_text(f"processor : 0\nflags : {flags}\n")
    monkeypatch.setattr(precision, "_CPU_INFO", told)
    precision._processor_has_bfloat16.cache_clear()
    try:
        assert fastest_precision("cpu:0") == fastest
        assert fastest_precision("gpu:1") == "mixed_float16"
    finally:
        precision._processor_has_bfloat16.cache_clear()
