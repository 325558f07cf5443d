"""Devices by wish, and an NVIDIA driver that is asked without loading TensorFlow."""

from __future__ import annotations

import ctypes
import sys

import pytest

from napari_emseg.errors import DeviceError
from napari_emseg.model.hardware import device_choice
from napari_emseg.model.hardware.device_choice import (
    has_apple_gpu,
    has_nvidia_gpu,
    matching_devices,
    pick_device,
    wanted_backend,
)

PRESENT = ["gpu:0", "gpu:1", "cpu:0"]


@pytest.mark.parametrize(
    ("wanted", "matching"),
    [
        ("auto", PRESENT),
        ("gpu", ["gpu:0", "gpu:1"]),
        ("gpu:1", ["gpu:1"]),
        ("cpu", ["cpu:0"]),
        ("gpu:2", []),
        ("", []),
    ],
)
def test_what_a_wish_allows(wanted, matching):
    assert matching_devices(wanted, PRESENT) == matching


def test_the_best_one_is_picked_and_none_is_refused_with_a_way_out():
    assert pick_device("gpu", PRESENT) == "gpu:0"
    with pytest.raises(DeviceError, match=r"cpu:0, received 'tpu'; buy one; 'napari-emseg doctor'"):
        pick_device("tpu", PRESENT, "buy one; ")


class Driver:
    """What answers in place of libcuda, which few test machines have."""

    def __init__(self, status, count):
        self.status, self.count = status, count

    def cuInit(self, _):  # noqa: N802
        return self.status

    def cuDeviceGetCount(self, count):  # noqa: N802
        count._obj.value = self.count
        return 0


@pytest.mark.parametrize(
    ("status", "count", "there"), [(0, 1, True), (0, 0, False), (100, 1, False)]
)
def test_the_driver_is_asked(monkeypatch, status, count, there):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Driver(status, count))
    assert has_nvidia_gpu() == there


def test_without_a_driver_there_is_none(monkeypatch):
    def missing(_):
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert not has_nvidia_gpu()


def test_on_windows_tensorflow_could_not_use_it(monkeypatch):
    monkeypatch.setattr(device_choice, "_is_installed", {"tensorflow"}.__contains__)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Driver(0, 1))
    monkeypatch.setattr(device_choice.sys, "platform", "win32")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert not has_nvidia_gpu()
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert has_nvidia_gpu()


@pytest.mark.parametrize(
    ("system", "installed", "wanted"),
    [
        ("linux", {"tensorflow", "torch", "jax"}, "tensorflow"),
        ("linux", {"torch", "jax"}, "torch"),
        ("win32", {"tensorflow", "torch"}, "torch"),
        ("darwin", {"tensorflow"}, "tensorflow"),
        ("darwin", {"jax"}, "jax"),
        ("linux", set(), "tensorflow"),
    ],
)
def test_keras_computes_with_what_is_installed_and_has_gpus(monkeypatch, system, installed, wanted):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(device_choice, "_is_installed", installed.__contains__)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    assert wanted_backend() == wanted
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert wanted_backend() == "jax"


def test_the_gpu_of_apple_silicon_is_pytorchs(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(device_choice.platform, "machine", lambda: "arm64")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    assert has_apple_gpu()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert not has_apple_gpu()
