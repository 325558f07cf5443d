"""Which device a wish stands for; known without loading keras."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from napari_emseg.errors import DeviceError

WRITE_ONNX = ("tensorflow", "torch")
"""Backends on which a network can be written as ONNX."""


def matching_devices(wanted: str, present: Sequence[str]) -> list[str]:
    """Those of ``present``, such as ``["gpu:0", "cpu:0"]``, that a wish allows, the best first.

    A wish is ``auto``, ``cpu``, ``gpu`` or a device's own name, such as ``gpu:0``.
    """
    if wanted == "auto":
        return list(present)
    return [each for each in present if wanted in (each, each.split(":")[0])]


def pick_device(wanted: str, present: Sequence[str], way_out: str = "", **mending: str) -> str:
    """The device that a wish stands for; see `matching_devices`.

    Raises
    ------
    DeviceError
        If there is no such device; its message has the ``way_out``, it the settings ``mending``.
    """
    matching = matching_devices(wanted, present)
    if not matching:
        raise DeviceError(
            f"device: expected auto or one of {', '.join(present)}, received {wanted!r}; {way_out}"
            "'napari-emseg doctor' says why a GPU is not used",
            **mending,
        )
    return matching[0]


def wanted_backend() -> str:
    """What is to compute for Keras: what KERAS_BACKEND names, else one that is installed.

    TensorFlow comes first on Linux; elsewhere it has no GPU, and PyTorch, which does, comes first.
    """
    if named := os.environ.get("KERAS_BACKEND"):
        return named
    first = ("tensorflow", "torch") if sys.platform == "linux" else ("torch", "tensorflow")
    return next((each for each in (*first, "jax") if _is_installed(each)), "tensorflow")


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ImportError:
        return False


def backend_that_writes_onnx() -> str:
    """One of them that is installed."""
    installed = (each for each in WRITE_ONNX if _is_installed(each))
    return next(installed, WRITE_ONNX[0])


def has_gpu_for_keras() -> bool:
    """Whether there is a GPU that Keras may know how to use; nothing heavy is loaded."""
    return has_nvidia_gpu() or has_apple_gpu()


def has_apple_gpu() -> bool:
    """Whether this is Apple silicon, whose GPU PyTorch alone uses."""
    is_apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return is_apple and wanted_backend() == "torch"


def has_nvidia_gpu() -> bool:
    """Whether an NVIDIA GPU is there that Keras may know how to use.

    The driver itself is asked, which takes milliseconds; to load TensorFlow takes seconds.
    """
    on_windows = sys.platform == "win32"
    if on_windows and wanted_backend() != "torch":
        return False  # where TensorFlow has had no GPU since 2.11, and JAX has none
    try:
        driver = ctypes.CDLL("nvcuda.dll" if on_windows else "libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int()
    return (
        driver.cuInit(0) == 0
        and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        and count.value > 0
    )


def visible_gpus() -> list[str]:
    """The NVIDIA GPUs that this process may use, by number or name, as CUDA knows them."""
    if not has_nvidia_gpu():
        return []
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return [each.strip() for each in allowed.split(",") if each.strip()]
    return ask_nvidia_smi("index")


def number_of_gpu(seen: int) -> int:
    """Which of the machine's GPUs is number ``seen`` of those that this process may use."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    numbers = [int(each) for each in allowed if each.strip().isdecimal()]
    return numbers[seen] if seen < len(numbers) else seen


def ask_nvidia_smi(what: str) -> list[str]:
    """What the NVIDIA driver says of each GPU, such as its ``memory.free`` in MiB; else nothing."""
    if shutil.which("nvidia-smi") is None:
        return []
    query = ["nvidia-smi", f"--query-gpu={what}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]
