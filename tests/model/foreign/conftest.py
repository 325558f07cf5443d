from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def library(tmp_path, monkeypatch):
    """The library of the test, and what is kept of models."""
    monkeypatch.setenv("EMSEG_MODELS_DIR", str(tmp_path / "library"))
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "library"
