"""The first import of Keras for the command line: quiet, unless it fails."""

from __future__ import annotations

import subprocess
import sys

import pytest

QUIET = "from napari_emseg.model.hardware.backend import load_backend; load_backend()"


@pytest.mark.slow
def test_backend_loads_without_a_word():
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=90)
    assert (done.returncode, done.stderr) == (0, "")


def test_failing_import_shows_what_was_written(tmp_path):
    (tmp_path / "keras.py").write_text(
        "import os\nos.write(2, b'library missing\\n')\nraise ImportError('no keras')\n"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {QUIET}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=90)
    assert done.returncode == 1
    assert "library missing" in done.stderr
    assert "no keras" in done.stderr
