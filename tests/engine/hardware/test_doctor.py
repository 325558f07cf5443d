"""What the report says, without loading keras: its devices are put in its place."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from napari_emseg.engine.hardware import doctor
from napari_emseg.engine.hardware.no_gpu import Problem
from napari_emseg.errors import MissingPackageError


@pytest.fixture
def report(monkeypatch):
    """The report, by the titles of its entries, on a machine with these devices for Keras."""

    def report(*devices):
        keras = SimpleNamespace(list_devices=lambda: list(devices))
        monkeypatch.setitem(sys.modules, "napari_emseg.model.hardware.devices", keras)
        monkeypatch.setattr(doctor, "why_no_gpu", lambda: Problem("it is so", "mend it"))
        lines = doctor.diagnose().split("\n")
        starts = [k for k, line in enumerate(lines) if line[:1] != " "]
        ends = [*starts[1:], len(lines)]
        return {
            lines[start][:12].strip(): [line[12:] for line in lines[start:end]]
            for start, end in zip(starts, ends, strict=True)
        }

    return report


def test_what_is_used_and_why_not_more(report):
    said = report("cpu:0")
    assert list(said) == [
        "system", "packages", "processor", "cards", "devices", "used", "no GPU", "models"
    ]  # fmt: skip
    assert said["used"][0].startswith("cpu:0 by OpenVINO to predict")
    assert "cpu:0 for Keras on tensorflow" in said["devices"][0]
    assert said["no GPU"] == ["it is so:", "mend it"]
    assert said["models"][0].startswith("default")
    assert "tensorflow" in said["packages"][0]


def test_with_a_gpu_there_is_nothing_to_explain(report):
    said = report("gpu:0", "cpu:0")
    assert "no GPU" not in said
    assert said["used"][0].endswith("gpu:0 by Keras to train")


def test_without_keras_it_says_what_adds_it(monkeypatch):
    def missing():
        raise MissingPackageError('run: pip install "napari-emseg[train]"')

    monkeypatch.setattr(doctor, "load_backend", missing)
    report = doctor.diagnose()
    assert 'run: pip install "napari-emseg[train]"' in report
    assert "cpu:0 by OpenVINO to predict, nothing to train" in report
    assert "no GPU" not in report
