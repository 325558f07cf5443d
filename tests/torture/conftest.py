"""What all attacks share: something to work on, and a look at what they leave behind."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
from scipy.ndimage import gaussian_filter

GONE_WITHIN_S = 5.0
"""How soon a process ends whose parent is gone."""
SLICES, SIZE_PX = 6, 96


@dataclass(frozen=True)
class Tissue:
    """Files of grey cells with dark membranes between them, and of their mask."""

    image: Path
    labels: Path


@pytest.fixture(scope="session")
def tissue(tmp_path_factory: pytest.TempPathFactory) -> Tissue:
    """A stack that a small network can learn from."""
    rng = np.random.default_rng(0)
    noise = gaussian_filter(rng.normal(size=(SLICES, SIZE_PX, SIZE_PX)), (1, 4, 4))
    mask = np.abs(noise / noise.std()) > 0.3
    grey = gaussian_filter(mask.astype(np.float32), (0, 1, 1)) * 150 + 50
    folder = tmp_path_factory.mktemp("tissue")
    np.save(folder / "image.npy", (grey + rng.normal(0, 8, mask.shape)).astype(np.uint8))
    np.save(folder / "labels.npy", mask.astype(np.uint8))
    return Tissue(folder / "image.npy", folder / "labels.npy")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process and those that it starts put temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Fail where a process or an open file is left that was not there before."""
    processes, files = children(), open_files()
    yield
    deadline = time.monotonic() + GONE_WITHIN_S
    while (left := (children() - processes) | (open_files() - files)) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.05)
    assert not left


def children() -> set[psutil.Process]:
    """Processes that live and descend from this one."""
    found = psutil.Process().children(recursive=True)
    return {each for each in found if each.status() != psutil.STATUS_ZOMBIE}


def open_files() -> set[str]:
    """Files that this process has open; pipes only by how many there are."""
    paths: list[str] = []
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # that of the list itself
            paths.append(str(each.readlink()))
    named = {path for path in paths if path.startswith("/") and not path.startswith("/proc/")}
    pipes = sum(path.startswith("pipe:") for path in paths)
    return named | {f"{k} pipes" for k in range(pipes)}
