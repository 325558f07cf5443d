from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_emseg.io.formats import file_format as forms

ROOT = Path(__file__).parents[2]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def grey(rng) -> np.ndarray:
    return rng.integers(0, 256, (5, 19, 23), dtype=np.uint8)


@pytest.fixture
def all_lazy(monkeypatch) -> None:
    """Every stack counts as large."""
    monkeypatch.setattr(forms, "LAZY_BYTES", 0)
