"""What hardware is used, and why not more."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import psutil

from napari_emseg.model.backend import load_backend
from napari_emseg.model.library import library_folder, list_models
from napari_emseg.model.runtime import choose_runtime, openvino_devices

_PACKAGES = ("napari-emseg", "napari", "keras", "tensorflow", "openvino", "nncf", "numpy")
_NAMES = {"keras": "Keras", "openvino": "OpenVINO"}
_GIB = 2**30


def diagnose() -> str:
    """A report on versions, devices and models, one line each, to read or to send to somebody."""
    load_backend()
    from napari_emseg.model.devices import list_devices

    devices = list_devices()
    chosen = choose_runtime("auto")
    used = devices if chosen == "keras" else openvino_devices()
    memory = psutil.virtual_memory()
    lines = [
        f"system      {platform.platform()}, Python {platform.python_version()}",
        f"packages    {', '.join(f'{name} {_version(name)}' for name in _PACKAGES)}",
        f"processor   {os.cpu_count()} cores, {memory.total / _GIB:.0f} GiB memory "
        f"({memory.available / _GIB:.0f} GiB free)",
        f"devices     {', '.join(devices)} for Keras; {_openvino_report()}",
        f"used        {used[0]} by {_NAMES[chosen]} to predict (--runtime auto), "
        f"{devices[0]} by Keras to train",
    ]
    if not devices[0].startswith("gpu"):
        lines.append(f"no GPU      {why_no_gpu()}")
    models = ", ".join(package.info.name for package in list_models()) or "none"
    lines.append(f"models      {models}; yours lie in {library_folder()}")
    return "\n".join(lines)


def _openvino_report() -> str:
    """OpenVINO's devices with their makers' names, or why there are none."""
    if not (devices := openvino_devices()):
        return f"no OpenVINO: run {sys.executable} -m pip install openvino"
    from napari_emseg.model.openvino_runtime import describe_openvino_device

    named = ", ".join(f"{each} ({describe_openvino_device(each)})" for each in devices)
    return f"{named} for OpenVINO {_version('openvino')}"


def why_no_gpu() -> str:
    """Why Keras sees no GPU, with the way out."""
    if sys.platform == "win32":
        return (
            "TensorFlow has had no GPU support on native Windows since 2.11; install napari-emseg "
            "in WSL2 to use one"
        )
    if sys.platform == "darwin":
        return "TensorFlow's own wheels have no GPU support on macOS"
    if (driver := _nvidia_driver()) is None:
        return "there is no NVIDIA driver on this machine (nvidia-smi finds none)"
    if not _has_cuda_libraries():
        return (
            f"the NVIDIA driver {driver} is there, but not the CUDA libraries; run "
            f"{sys.executable} -m pip install 'napari-emseg[gpu]'"
        )
    return f"the NVIDIA driver {driver} may be too old for TensorFlow {_version('tensorflow')}"


def _nvidia_driver() -> str | None:
    """Version of the NVIDIA driver, None where there is none."""
    if shutil.which("nvidia-smi") is None:
        return None
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.split("\n")[0].strip() or None


def _has_cuda_libraries() -> bool:
    return any(_version(f"nvidia-cudnn-cu{major}") != "missing" for major in (12, 13))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
