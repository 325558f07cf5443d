"""Why Keras sees no GPU, and the command that mends it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from napari_emseg.model.hardware.device_choice import ask_nvidia_smi, wanted_backend

OLDEST_DRIVER = {12: (525, 60, 13), 13: (580, 65, 6)}
"""First NVIDIA driver for Linux that runs programs of a CUDA version (its release notes, table
*Minimum required driver version for CUDA minor version compatibility*)."""

_PIP = f"{sys.executable} -m pip"
_TORCH_PAGE = "https://pytorch.org/get-started/locally"
"""Gives the command that installs PyTorch for a system and a version of CUDA."""

_PCI = Path("/sys/bus/pci/devices")
_NVIDIA = "0x10de"
_INSTALLERS = {
    "ubuntu-drivers": "sudo ubuntu-drivers install",
    "apt-get": "sudo apt-get install nvidia-driver",
    "dnf": "sudo dnf install akmod-nvidia xorg-x11-drv-nvidia-cuda",
    "pacman": "sudo pacman -S nvidia nvidia-utils",
}
"""How a driver is installed, by the first of these programs that is there."""


@dataclass(frozen=True)
class Problem:
    """A reason, and the commands that mend it, one a line; empty where none does."""

    reason: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.reason}:\n{self.command}" if self.command else self.reason


def why_no_gpu() -> Problem:
    """Why Keras sees no GPU, with the way out."""
    if sys.platform == "win32":
        return _why_none_on_windows()
    if sys.platform == "darwin":
        return _why_none_on_macos()
    if (driver := nvidia_driver()) is None:
        return _why_no_driver()
    if (hidden := os.environ.get("CUDA_VISIBLE_DEVICES")) in ("", "-1"):
        return Problem(
            f"CUDA_VISIBLE_DEVICES={hidden} hides every GPU from all programs",
            "unset CUDA_VISIBLE_DEVICES",
        )
    if wanted_backend() == "torch":
        return _why_torch_has_none(driver)
    return _why_driver_is_not_enough(driver)


def _why_none_on_windows() -> Problem:
    if wanted_backend() != "torch":
        return Problem(
            "TensorFlow has had no GPU support on native Windows since 2.11; PyTorch has. Install "
            f"it by the command for your CUDA of {_TORCH_PAGE}, and then this (or keep TensorFlow, "
            "and install napari-emseg with [all,gpu] in WSL2)",
            f'{_PIP} install "napari-emseg[torch]"',
        )
    if (driver := nvidia_driver()) is None:
        return Problem(
            "there is no NVIDIA driver; of other GPUs OpenVINO predicts on those of Intel, and "
            "none trains",
            "start https://www.nvidia.com/drivers",
        )
    return _why_torch_has_none(driver)


def _why_torch_has_none(driver: str) -> Problem:
    """Why PyTorch sees no GPU where there is a driver."""
    made_for = version_of("torch").partition("+")[2]
    # what is plain has CUDA on Linux, and has not on Windows
    if made_for == "cpu" or (sys.platform == "win32" and not made_for):
        return Problem(
            f"the NVIDIA driver {driver} is there, but this PyTorch is made without CUDA; take it "
            f"away, and install the one for your CUDA by the command of {_TORCH_PAGE}",
            f"{_PIP} uninstall --yes torch",
        )
    return Problem(
        f"the NVIDIA driver {driver} and PyTorch with CUDA are there; what PyTorch says when it "
        "looks for a GPU tells more",
        f'{sys.executable} -c "import torch; torch.cuda.init()"',
    )


def _why_none_on_macos() -> Problem:
    if version_of("tensorflow-metal"):
        return Problem(
            "tensorflow-metal, Apple's own extension, does not work with TensorFlow 2.19 and later",
            f"{_PIP} uninstall --yes tensorflow-metal",
        )
    if platform.machine() == "x86_64" and "Apple" in _processor():
        return Problem(
            "this Python is made for Intel, and Apple silicon only translates it; take one for "
            "Apple silicon, which is much faster",
            "brew install python",
        )
    if platform.machine() == "x86_64":
        return Problem(
            "on Macs with an Intel processor Keras has no GPU, and no command changes that; the "
            "processor predicts by OpenVINO, and long trainings belong on another machine"
        )
    if wanted_backend() != "torch":
        return Problem(
            "TensorFlow has no GPU support on macOS; PyTorch has, for Apple silicon (Metal)",
            f"{_PIP} install 'napari-emseg[torch]'",
        )
    return Problem(
        "PyTorch sees no GPU of Apple silicon; it needs macOS 14 or later, and what it says tells "
        "more",
        f"{sys.executable} -c \"import torch; print(torch.ones(1, device='mps'))\"",
    )


def _why_no_driver() -> Problem:
    if "microsoft" in platform.release().lower():
        return Problem(
            "there is no NVIDIA driver; WSL2 takes that of Windows, so install it there, from "
            "https://www.nvidia.com/drivers, and then run in Windows",
            "wsl --shutdown",
        )
    if not has_nvidia_card():
        return Problem(
            "there is no NVIDIA driver, and no NVIDIA GPU to be seen; Keras cannot use another"
        )
    if _in_container():
        return Problem(
            "an NVIDIA GPU is there, but no NVIDIA driver, which a container has from the machine "
            "around it; start it as",
            "docker run --gpus all ...",
        )
    return Problem("an NVIDIA GPU is there, but no NVIDIA driver", _install_driver())


def _why_driver_is_not_enough(driver: str) -> Problem:
    if version_of("tensorflow-cpu"):
        return Problem(
            f"the NVIDIA driver {driver} is there, but tensorflow-cpu is TensorFlow without CUDA",
            f"{_PIP} uninstall --yes tensorflow-cpu && "
            f"{_PIP} install --force-reinstall 'tensorflow[and-cuda]'",
        )
    if (cuda := _cuda_version()) is None:
        return Problem(
            f"the NVIDIA driver {driver} is there, but not the CUDA libraries",
            f"{_PIP} install 'napari-emseg[gpu]'",
        )
    oldest = OLDEST_DRIVER[cuda]
    if _numbers(driver) < oldest:
        needed = ".".join(map(str, oldest))
        return Problem(
            f"the NVIDIA driver {driver} is too old: CUDA {cuda} needs {needed} or later",
            _install_driver(),
        )
    return Problem(
        f"the NVIDIA driver {driver} and the libraries of CUDA {cuda} are there; what TensorFlow "
        "says when it looks for a GPU tells more",
        f"{sys.executable} -c "
        "\"import tensorflow as tf; print(tf.config.list_physical_devices('GPU'))\"",
    )


def _install_driver() -> str:
    """The command of this system that installs its newest NVIDIA driver."""
    for program, command in _INSTALLERS.items():
        if shutil.which(program):
            return command
    return "xdg-open https://www.nvidia.com/drivers"


def nvidia_driver() -> str | None:
    """Version of the NVIDIA driver, None where there is none."""
    return next(iter(ask_nvidia_smi("driver_version")), None)


def has_nvidia_card(devices: Path = _PCI) -> bool:
    """Whether there is a card made by NVIDIA, with or without a driver."""
    return _NVIDIA in _vendors(devices)


def _vendors(devices: Path) -> Iterator[str]:
    for vendor in devices.glob("*/vendor"):
        try:
            yield vendor.read_text().strip()
        except OSError:
            continue


def _in_container() -> bool:
    return Path("/.dockerenv").exists()


def version_of(name: str) -> str:
    """Version of an installed package, empty where it is missing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _cuda_version() -> int | None:
    """The version of CUDA whose libraries are installed beside TensorFlow."""
    return next((cuda for cuda in OLDEST_DRIVER if version_of(f"nvidia-cudnn-cu{cuda}")), None)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _processor() -> str:
    """What macOS calls the processor, such as ``Apple M2``."""
    return _answer(["sysctl", "-n", "machdep.cpu.brand_string"])


def _answer(command: list[str]) -> str:
    """What a program says; empty where it fails or is missing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
