"""Why there is no GPU, for each reason with the command that mends it."""

from __future__ import annotations

import sys

import pytest

from napari_emseg.engine.hardware import no_gpu

PIP = f"{sys.executable} -m pip"


@pytest.fixture
def machine(monkeypatch):
    """A machine with this system, driver, card, packages and programs."""

    def machine(
        system, driver=None, card=True, packages=(), programs=(),
        release="6.1", architecture="x86_64", processor="", backend="tensorflow",
    ):  # fmt: skip
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr(no_gpu.sys, "platform", system)
        monkeypatch.setattr(no_gpu.platform, "release", lambda: release)
        monkeypatch.setattr(no_gpu.platform, "machine", lambda: architecture)
        monkeypatch.setattr(no_gpu, "wanted_backend", lambda: backend)
        monkeypatch.setattr(no_gpu, "nvidia_driver", lambda: driver)
        monkeypatch.setattr(no_gpu, "has_nvidia_card", lambda: card)
        monkeypatch.setattr(no_gpu, "_processor", lambda: processor)
        monkeypatch.setattr(no_gpu, "_in_container", lambda: False)
        monkeypatch.setattr(no_gpu, "version_of", lambda name: "1" if name in packages else "")
        monkeypatch.setattr(no_gpu.shutil, "which", lambda name: name in programs or None)

    return machine


@pytest.mark.parametrize(
    ("given", "reason", "command"),
    [
        ({"system": "win32"}, "native Windows", f'{PIP} install "napari-emseg[torch]"'),
        ({"system": "win32", "backend": "torch"}, "no NVIDIA driver", "start https"),
        (
            {"system": "win32", "backend": "torch", "driver": "550.1", "packages": ["torch"]},
            "made without CUDA",
            f"{PIP} uninstall --yes torch",
        ),
        ({"system": "darwin"}, "on Macs with an Intel processor", ""),
        (
            {"system": "darwin", "architecture": "arm64"},
            "PyTorch has, for Apple silicon",
            f"{PIP} install 'napari-emseg[torch]'",
        ),
        (
            {"system": "darwin", "architecture": "arm64", "backend": "torch"},
            "PyTorch sees no GPU",
            f"{sys.executable} -c",
        ),
        (
            {"system": "linux", "driver": "550.1", "backend": "torch", "packages": ["torch"]},
            "PyTorch with CUDA are there",
            f"{sys.executable} -c",
        ),
        (
            {"system": "darwin", "packages": ["tensorflow-metal"]},
            "tensorflow-metal",
            f"{PIP} uninstall --yes tensorflow-metal",
        ),
        ({"system": "darwin", "processor": "Apple M2"}, "made for Intel", "brew install python"),
        ({"system": "linux", "card": False}, "no NVIDIA driver, and no NVIDIA GPU", ""),
        (
            {"system": "linux", "programs": ["ubuntu-drivers", "apt-get"]},
            "no NVIDIA driver",
            "sudo ubuntu-drivers install",
        ),
        ({"system": "linux", "programs": ["dnf"]}, "no NVIDIA driver", "sudo dnf install"),
        ({"system": "linux"}, "no NVIDIA driver", "xdg-open https://www.nvidia.com/drivers"),
        (
            {"system": "linux", "release": "5.15-microsoft-standard-WSL2"},
            "that of Windows",
            "wsl --shutdown",
        ),
        (
            {"system": "linux", "driver": "550.1"},
            "not the CUDA libraries",
            f"{PIP} install 'napari-emseg[gpu]'",
        ),
        (
            {"system": "linux", "driver": "550.1", "packages": ["tensorflow-cpu"]},
            "without CUDA",
            f"{PIP} uninstall --yes tensorflow-cpu && ",
        ),
        (
            {
                "system": "linux", "driver": "390.157", "packages": ["nvidia-cudnn-cu12"],
                "programs": ["apt-get"],
            },
            "390.157 is too old: CUDA 12 needs 525.60.13",
            "sudo apt-get install nvidia-driver",
        ),
        (
            {"system": "linux", "driver": "550.54.14", "packages": ["nvidia-cudnn-cu12"]},
            "tells more",
            f"{sys.executable} -c",
        ),
        (
            {"system": "linux", "driver": "550.54.14", "packages": ["nvidia-cudnn-cu13"]},
            "CUDA 13 needs 580.65.6",
            "xdg-open",
        ),
    ],
)  # fmt: skip
def test_reason_and_command(machine, given, reason, command):
    machine(**given)
    problem = no_gpu.why_no_gpu()
    assert reason in problem.reason
    assert problem.command.startswith(command)
    assert bool(problem.command) == bool(command)


def test_container_is_started_anew(machine, monkeypatch):
    machine("linux", programs=["apt-get"])
    monkeypatch.setattr(no_gpu, "_in_container", lambda: True)
    assert no_gpu.why_no_gpu().command == "docker run --gpus all ..."


def test_hidden_gpus_are_shown_again(machine, monkeypatch):
    machine("linux", "550.54.14", packages=["nvidia-cudnn-cu12"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert no_gpu.why_no_gpu().command == "unset CUDA_VISIBLE_DEVICES"


def test_command_stands_on_a_line_of_its_own():
    assert str(no_gpu.Problem("it is so", "mend it")) == "it is so:\nmend it"
    assert str(no_gpu.Problem("it is so")) == "it is so"


@pytest.mark.parametrize(
    ("script", "driver"), [("exit 9", None), ("echo 550.54.14", "550.54.14"), (None, None)]
)
def test_driver_is_asked_for_its_version(tmp_path, monkeypatch, script, driver):
    """One that does not answer, or is not there, is none."""
    monkeypatch.setenv("PATH", str(tmp_path))
    if script is not None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    assert no_gpu.nvidia_driver() == driver


@pytest.mark.parametrize(("vendor", "there"), [("0x10de", True), ("0x1002", False)])
def test_cards_are_known_by_their_maker(tmp_path, vendor, there):
    (tmp_path / "0000:01:00.0").mkdir()
    (tmp_path / "0000:01:00.0" / "vendor").write_text(vendor + "\n")
    assert no_gpu.has_nvidia_card(tmp_path) is there


def test_without_a_list_of_cards_there_is_none(tmp_path):
    assert not no_gpu.has_nvidia_card(tmp_path / "missing")
