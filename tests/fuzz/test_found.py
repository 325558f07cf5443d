"""What fuzzing has found is tried again, and every target takes whole and damaged files."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

_HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("fuzz_targets", _HERE / "targets.py")
targets = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(targets)

FOUND = sorted(each for each in (_HERE / "found").iterdir() if not each.name.startswith("."))


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore")
def test_what_was_found_is_mended(path, tmp_path):
    name = max((each for each in targets.TARGETS if path.name.startswith(f"{each}-")), key=len)
    targets.TARGETS[name](tmp_path, path.read_bytes())


@pytest.mark.skipif(sys.platform == "win32", reason="the corpus makes pipes")
@pytest.mark.parametrize("name", targets.TARGETS)
@pytest.mark.filterwarnings("ignore")
def test_each_target_takes_whole_and_damaged_files(name, tmp_path):
    (tmp_path / "made").mkdir()
    rng = np.random.default_rng(23)
    for number, seed in enumerate(targets.seeds(name, tmp_path / "made")):
        contents = [seed, b"", seed[: len(seed) // 2], *(_spoilt(seed, rng) for _ in range(6))]
        for k, content in enumerate(contents):
            place = tmp_path / f"{number}-{k}"
            place.mkdir()
            targets.TARGETS[name](place, content)
    assert number >= 0


def _spoilt(content: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(content)
    for at in rng.integers(0, len(out), 1 + int(len(out) > 200)):
        out[at] = int(rng.integers(256))
    return bytes(out)
