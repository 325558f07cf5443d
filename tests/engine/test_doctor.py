"""Why there is no GPU, for each reason with its way out."""

from __future__ import annotations

import pytest

from napari_emseg.engine import doctor


@pytest.fixture
def machine(monkeypatch):
    """A machine with this system, driver and CUDA libraries."""

    def machine(platform, driver=None, cuda=False):
        monkeypatch.setattr(doctor.sys, "platform", platform)
        monkeypatch.setattr(doctor, "_nvidia_driver", lambda: driver)
        monkeypatch.setattr(doctor, "_has_cuda_libraries", lambda: cuda)

    return machine


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("win32",), "WSL2"),
        (("darwin",), "macOS"),
        (("linux",), "no NVIDIA driver"),
        (("linux", "550.1"), "napari-emseg[gpu]"),
        (("linux", "390.1", True), "too old"),
    ],
)
def test_reason_and_way_out(machine, given, words):
    machine(*given)
    assert words in doctor.why_no_gpu()


def test_driver_that_does_not_answer_is_none(tmp_path, monkeypatch):
    broken = tmp_path / "nvidia-smi"
    broken.write_text("#!/bin/sh\nexit 9\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert doctor._nvidia_driver() is None


def test_driver_is_asked_for_its_version(tmp_path, monkeypatch):
    works = tmp_path / "nvidia-smi"
    works.write_text("#!/bin/sh\necho 550.54.14\n")
    works.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert doctor._nvidia_driver() == "550.54.14"
