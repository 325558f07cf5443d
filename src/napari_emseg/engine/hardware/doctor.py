"""What hardware is used, and why not more."""

from __future__ import annotations

import os
import platform
import sys

import psutil

from napari_emseg.engine.hardware.no_gpu import version_of, why_no_gpu
from napari_emseg.errors import MissingPackageError
from napari_emseg.io.folders import library_folder
from napari_emseg.model.hardware.backend import load_backend
from napari_emseg.model.hardware.device_choice import ask_nvidia_smi, wanted_backend
from napari_emseg.model.packages.library import list_models
from napari_emseg.model.runtimes.runtime import choose_runtime, openvino_devices

_PACKAGES = ("napari-emseg", "napari", "keras", "openvino", "nncf", "numpy")
_BACKENDS = ("tensorflow", "tensorflow-cpu", "torch", "jax")
_NAMES = {"keras": "Keras", "openvino": "OpenVINO"}
_GIB = 2**30


def diagnose() -> str:
    """A report on versions, devices and models, to read or to send to somebody.

    Each has its line; a command that mends something stands on a line of its own.
    """
    devices, no_keras = _keras_devices()
    openvino = openvino_devices()
    chosen = choose_runtime("auto") if devices else "openvino"
    used = (devices if chosen == "keras" else openvino) or ["nothing"]
    memory = psutil.virtual_memory()
    models = ", ".join(package.info.name for package in list_models()) or "none"
    lines = [
        _entry("system", f"{platform.platform()}, Python {platform.python_version()}"),
        _entry("packages", _packages()),
        _entry(
            "processor",
            f"{os.cpu_count()} cores, {memory.total / _GIB:.0f} GiB memory "
            f"({memory.available / _GIB:.0f} GiB free)",
        ),
        _entry("cards", ", ".join(ask_nvidia_smi("name")) or "none of NVIDIA's is seen"),
        _entry("devices", f"{no_keras or _for_keras(devices)}; {_openvino_report()}"),
        _entry(
            "used",
            f"{used[0]} by {_NAMES[chosen]} to predict, "
            + (f"{devices[0]} by Keras to train" if devices else "nothing to train"),
        ),
    ]
    if devices and not devices[0].startswith("gpu"):
        lines.append(_entry("no GPU", str(why_no_gpu())))
    lines.append(_entry("models", f"{models}; yours lie in {library_folder()}"))
    return "\n".join(lines)


def _keras_devices() -> tuple[list[str], str]:
    """Keras' devices, GPUs first; or none, and why there are none."""
    try:
        load_backend()
    except MissingPackageError as error:
        return [], str(error)
    from napari_emseg.model.hardware.devices import list_devices

    return list_devices(), ""


def _for_keras(devices: list[str]) -> str:
    return f"{', '.join(devices)} for Keras on {wanted_backend()}"


def _openvino_report() -> str:
    """OpenVINO's devices with their makers' names, or why there are none."""
    if not (devices := openvino_devices()):
        return f"no OpenVINO:\n{sys.executable} -m pip install openvino"
    from napari_emseg.model.runtimes.openvino_runtime import describe_openvino_device

    named = ", ".join(f"{each} ({describe_openvino_device(each)})" for each in devices)
    return f"{named} for OpenVINO {version_of('openvino')}"


def _packages() -> str:
    """Versions, and of what computes for Keras that of each that is there."""
    there = [name for name in _BACKENDS if version_of(name)]
    names = [*_PACKAGES[:3], *(there or [wanted_backend()]), *_PACKAGES[3:]]
    return ", ".join(f"{name} {version_of(name) or 'missing'}" for name in names)


def _entry(title: str, text: str) -> str:
    """A line of the report; what follows on further lines stands below its text."""
    return f"{title:<12}" + text.replace("\n", "\n" + 12 * " ")
