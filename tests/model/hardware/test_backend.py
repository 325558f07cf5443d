"""The first import of Keras for the command line: quiet, unless it fails."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from napari_emseg.model.hardware.backend import prepare_environment

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


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="oneDNN is part of others"
)
@pytest.mark.parametrize(("asked", "is_on"), [(None, True), ("0", False)])
def test_tensorflow_computes_by_onednn_on_any_processor_unless_a_person_turns_it_off(asked, is_on):
    pytest.importorskip("tensorflow")
    code = (
        f"{QUIET}\nfrom tensorflow.python.framework.test_util import IsMklEnabled\n"
        "print(IsMklEnabled())"
    )
    given = {key: value for key, value in os.environ.items() if key != "TF_ENABLE_ONEDNN_OPTS"}
    given |= {"KERAS_BACKEND": "tensorflow"} | (
        {} if asked is None else {"TF_ENABLE_ONEDNN_OPTS": asked}
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=90, env=given
    )
    assert done.stdout.split() == [str(is_on)], done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="HOME is not the home there")
@pytest.mark.parametrize("has_one", [False, True])
def test_keras_keeps_its_settings_where_a_person_has_them_or_in_our_cache(
    tmp_path, monkeypatch, has_one
):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EMSEG_CACHE_DIR", str(tmp_path / "cache"))
    if has_one:
        (tmp_path / ".keras").mkdir()
    prepare_environment()
    found = os.environ.pop("KERAS_HOME", None)
    assert found == (None if has_one else str(tmp_path / "cache" / "keras"))
