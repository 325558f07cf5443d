"""What must stand before a Keras backend is first imported, and its first import."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_emseg.errors import naming_extras
from napari_emseg.io.folders import cache_folder
from napari_emseg.model.hardware.device_choice import wanted_backend

_DEFAULTS = {
    # take GPU memory as it is needed, not all of it
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    # TensorFlow's notes on how it was compiled are of no use to a person who waits
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # TensorFlow leaves oneDNN off where there is no AVX-512; a step takes 1.5 times as long then
    **({"TF_ENABLE_ONEDNN_OPTS": "1"} if platform.machine() in {"x86_64", "AMD64"} else {}),
}

_KERAS_FOLDER = ".keras"
"""Keras makes one in the home of whoever has none, where the system keeps no such things."""


def prepare_environment() -> None:
    """Set what a person has not set otherwise."""
    for name, value in {**_DEFAULTS, "KERAS_BACKEND": wanted_backend()}.items():
        os.environ.setdefault(name, value)
    home = os.path.expanduser("~")  # noqa: PTH111 - where there is none, it does not raise
    if not Path(home, _KERAS_FOLDER).exists():
        os.environ.setdefault("KERAS_HOME", str(cache_folder() / "keras"))


def load_backend() -> None:
    """Import Keras and start its backend, without TensorFlow's greetings; the first call counts.

    They, and its complaints about a GPU that is not there (`doctor` says that in words), come from
    C++ before any log level counts, straight to the standard error's descriptor.

    Raises
    ------
    MissingPackageError
        If Keras is not installed, or nothing that computes for it.
    """
    if "napari_emseg.model.hardware.devices" in sys.modules:
        return
    prepare_environment()
    with naming_extras(), _held_back_unless_it_fails():
        devices = importlib.import_module("napari_emseg.model.hardware.devices")
        devices.list_devices()


@contextmanager
def _held_back_unless_it_fails() -> Iterator[None]:
    """Keep what is written to standard error in a file, and show it only after an exception."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        standard_error = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(standard_error, held.read())
            raise
        finally:
            os.dup2(standard_error, 2)
            os.close(standard_error)
