"""The choice among the devices that are there."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import pytest

from napari_emseg.errors import DeviceError
from napari_emseg.model.hardware import devices
from napari_emseg.model.hardware.devices import choose_device, list_devices, on_device


def test_there_is_always_a_processor_and_it_comes_last():
    assert "cpu:0" in list_devices()
    assert list_devices()[-1].startswith("cpu:")


def test_choices():
    assert choose_device("cpu") == "cpu:0"
    assert choose_device("cpu:0") == "cpu:0"
    assert choose_device("auto") == list_devices()[0]


@pytest.mark.parametrize("wanted", ["gpu:77", "cpu:99", "tpu", "", "CPU", "gpu:"])
def test_what_is_not_there_is_refused(wanted):
    with pytest.raises(DeviceError) as caught:
        choose_device(wanted)
    message = str(caught.value)
    assert "cpu:0" in message
    assert f"received {wanted!r}" in message
    assert "doctor" in message


def test_a_gpu_that_is_not_there_is_refused():
    if any(name.startswith("gpu") for name in list_devices()):
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeviceError, match="received 'gpu'"):
        choose_device("gpu")


listed_by_keras = pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras lists no devices of PyTorch"
)


@listed_by_keras
def test_gpus_come_first(monkeypatch):
    def two_gpus(kind):
        return [f"{kind}:{k}" for k in range(2 if kind == "gpu" else 1)]

    monkeypatch.setattr(keras.distribution, "list_devices", two_gpus)
    assert list_devices() == ["gpu:0", "gpu:1", "cpu:0"]
    assert [choose_device(wanted) for wanted in ("auto", "gpu", "gpu:1")] == [
        "gpu:0", "gpu:0", "gpu:1",
    ]  # fmt: skip


@listed_by_keras
def test_a_backend_that_raises_where_it_has_no_gpu(monkeypatch):
    """JAX does so."""

    def no_gpu(kind):
        if kind == "gpu":
            raise RuntimeError("Unknown backend: 'gpu' requested")
        return ["cpu:0"]

    monkeypatch.setattr(devices.keras.distribution, "list_devices", no_gpu)
    assert list_devices() == ["cpu:0"]


@pytest.mark.parametrize(
    ("apple", "nvidia", "there", "name"),
    [(True, 0, ["gpu:0", "cpu:0"], "mps:0"), (False, 2, ["gpu:0", "gpu:1", "cpu:0"], "cuda:0"),
     (False, 0, ["cpu:0"], None)],
)  # fmt: skip
def test_gpus_of_pytorch_by_our_names_and_by_its_own(monkeypatch, apple, nvidia, there, name):
    mps = SimpleNamespace(mps=SimpleNamespace(is_available=lambda: apple))
    torch = SimpleNamespace(backends=mps, cuda=SimpleNamespace(device_count=lambda: nvidia))
    monkeypatch.setattr(devices, "import_module", lambda _: torch)
    monkeypatch.setattr(devices.keras.backend, "backend", lambda: "torch")
    assert list_devices() == there
    if name is not None:
        assert devices._as_keras_has_it("gpu:0") == name
    assert devices._as_keras_has_it("cpu:0") == "cpu"


def test_on_device_computes_there_and_gives_the_name():
    with on_device("cpu") as name:
        assert name == "cpu:0"
        assert float(keras.ops.sum(keras.ops.ones(3))) == 3
