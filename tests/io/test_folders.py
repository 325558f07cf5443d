"""A variable says where a folder is, else the system; and asking makes none."""

from __future__ import annotations

import os

import pytest

from napari_emseg.io.folders import (
    cache_folder,
    config_folder,
    library_folder,
    recovery_folder,
    runs_folder,
)

FOLDERS = [
    (library_folder, "EMSEG_MODELS_DIR", ("napari-emseg", "models")),
    (runs_folder, "EMSEG_RUNS_DIR", ("napari-emseg", "runs")),
    (recovery_folder, "EMSEG_RECOVERY_DIR", ("napari-emseg", "recovery")),
    (config_folder, "EMSEG_CONFIG_DIR", ("napari-emseg",)),
    (cache_folder, "EMSEG_CACHE_DIR", ("napari-emseg",)),
]


@pytest.mark.parametrize(("folder", "variable", "_"), FOLDERS)
def test_the_variable_names_the_folder(folder, variable, _, tmp_path, monkeypatch):
    monkeypatch.setenv(variable, str(tmp_path / "of mine"))
    assert folder() == tmp_path / "of mine"
    assert not folder().exists()


@pytest.mark.parametrize(("folder", "variable", "parts"), FOLDERS)
def test_without_it_the_folder_is_where_the_system_keeps_such(folder, variable, parts, monkeypatch):
    monkeypatch.delenv(variable)
    for kind in ("DATA", "CONFIG", "CACHE"):
        monkeypatch.delenv(f"XDG_{kind}_HOME", raising=False)
    assert folder().is_absolute()
    assert folder().parts[-len(parts) :] == parts


@pytest.mark.parametrize(("folder", "variable", "_"), FOLDERS)
def test_without_a_home_no_folder_is_called_tilde(folder, variable, _, monkeypatch, tmp_path):
    """As in a container that runs as an account which its system does not know."""
    monkeypatch.delenv(variable)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # what it does there
    assert folder().is_absolute()
    assert "~" not in folder().parts


def test_no_two_are_the_same(monkeypatch):
    for _, variable, _ in FOLDERS:
        monkeypatch.setenv(variable, "")  # as if there were none
    assert len({folder() for folder, _, _ in FOLDERS}) == len(FOLDERS)
