from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from napari_emseg.errors import ReadError
from napari_emseg.io.read import read_stack

pytest.importorskip("rsciio")
_spec = importlib.util.spec_from_file_location("write_dm", Path(__file__).with_name("write_dm.py"))
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
write_dm = _module.write_dm


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("dtype", [np.int16, np.uint16, np.int32, np.float32, np.uint8])
@pytest.mark.parametrize("lazy", [False, True])
def test_pixels_and_voxel_size(tmp_path, rng, monkeypatch, version, dtype, lazy):
    if lazy:
        monkeypatch.setattr("napari_emseg.io.formats.file_format.LAZY_BYTES", 0)
    data = (rng.random((3, 40, 50)) * 200).astype(dtype)
    path = write_dm(tmp_path / f"a.dm{version}", data, (0.05, 0.005, 0.004), "µm", version)
    stack = read_stack(path)
    assert stack.data.dtype == dtype
    assert stack.kind == "image"  # Gatan's 32 bits are grey values
    np.testing.assert_array_equal(np.asarray(stack.data), data)
    assert stack.voxel_size_nm == pytest.approx((50, 5, 4))


@pytest.mark.parametrize("version", [3, 4])
def test_one_picture(tmp_path, grey, version):
    path = write_dm(tmp_path / f"a.dm{version}", grey[0], (5.0, 4.0), "nm", version)
    stack = read_stack(path)
    assert stack.shape == (1, 19, 23)
    assert stack.voxel_size_nm == pytest.approx((5, 5, 4))
    assert stack.thickness_assumed
    np.testing.assert_array_equal(stack.data[0], grey[0])


def test_without_a_unit(tmp_path, grey):
    stack = read_stack(write_dm(tmp_path / "a.dm3", grey, (10.0, 1.0, 1.0), ""))
    assert stack.voxel_size_nm is None
    assert "have no unit" in stack.notes[0]


def test_what_is_none(tmp_path, grey):
    (tmp_path / "a.dm3").write_bytes(b"hello" * 100)
    with pytest.raises(ReadError, match="not a DM3 or DM4 file, or one that is truncated"):
        read_stack(tmp_path / "a.dm3")
    whole = write_dm(tmp_path / "b.dm3", grey, (1.0, 1.0, 1.0), "nm").read_bytes()
    (tmp_path / "b.dm3").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ReadError, match=r"b\.dm3"):
        read_stack(tmp_path / "b.dm3")
