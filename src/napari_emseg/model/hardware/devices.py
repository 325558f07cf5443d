"""Which devices Keras can compute on, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import keras

from napari_emseg.model.hardware.device_choice import pick_device


def list_devices() -> list[str]:
    """Devices by name, GPUs first: ``["gpu:0", "cpu:0"]``; works on every Keras backend."""
    return [f"{kind}:{k}" for kind in ("gpu", "cpu") for k in range(_count(kind))]


def _count(kind: str) -> int:
    if keras.backend.backend() == "torch":  # of which Keras lists none
        return 1 if kind == "cpu" else _gpus_of_torch()[1]
    try:
        return len(keras.distribution.list_devices(kind))
    except RuntimeError:  # JAX raises where there is no device of the kind
        return 0


def _gpus_of_torch() -> tuple[str, int]:
    """What PyTorch calls the GPUs of this machine, and how many there are."""
    torch = import_module("torch")  # not imported above, since other backends have none of it
    if torch.backends.mps.is_available():
        return "mps", 1
    return "cuda", torch.cuda.device_count()


def _as_keras_has_it(name: str) -> str:
    if keras.backend.backend() != "torch":
        return name
    if name.startswith("cpu"):  # by another name Keras copies the weights, which then never learn
        return "cpu"
    return name.replace("gpu", _gpus_of_torch()[0])


def choose_device(wanted: str) -> str:
    """The device that a wish stands for.

    Parameters
    ----------
    wanted : str
        ``auto`` (a GPU where there is one), ``cpu``, ``gpu`` or ``gpu:0``.

    Returns
    -------
    str
        Such as ``gpu:0``.

    Raises
    ------
    DeviceError
        If there is no such device.
    """
    return pick_device(wanted, list_devices())


@contextmanager
def on_device(wanted: str) -> Iterator[str]:
    """Compute on a device inside the block; gives its name."""
    name = choose_device(wanted)
    with keras.device(_as_keras_has_it(name)):
        yield name
