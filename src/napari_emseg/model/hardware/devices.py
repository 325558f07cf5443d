"""Which devices Keras can compute on, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from napari_emseg.model.hardware.device_choice import pick_device


def list_devices() -> list[str]:
    """Devices by name, GPUs first: ``["gpu:0", "cpu:0"]``; works on every Keras backend."""
    return [f"{kind}:{k}" for kind in ("gpu", "cpu") for k in range(_count(kind))]


def _count(kind: str) -> int:
    try:
        return len(keras.distribution.list_devices(kind))
    except RuntimeError:  # JAX raises where there is no device of the kind
        return 0


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
    with keras.device(name):
        yield name
