"""Arrays that are made once and then read from files."""

from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.io.disk.kept_arrays import KeptArrays


@pytest.fixture
def made():
    return []


@pytest.fixture
def kept(made, tmp_path):
    def make(number):
        made.append(number)
        return np.full((4, 5), number, np.uint8), np.full((4, 5), number / 2, np.float32)

    return KeptArrays(tmp_path / "kept", (1, 3), make, count=2, build=lambda *both: both)


def test_each_is_made_once_and_when_it_is_asked_for(kept, made):
    assert list(kept) == [1, 3]
    assert not made
    for _ in range(3):
        whole, half = kept[3]
        assert (whole.dtype, half.dtype) == (np.uint8, np.float32)
        assert (whole == 3).all()
        assert (half == 1.5).all()
    assert made == [3]


def test_what_there_is_not(kept):
    with pytest.raises(KeyError):
        kept[2]


def test_where_nothing_can_be_written_they_are_made_again(kept, made, tmp_path):
    (tmp_path / "kept").write_text("a file in the place of the folder")
    assert kept[1][0].max() == kept[1][0].max() == 1
    assert len(made) == 4 // 2


def test_what_was_half_written_is_made_again(kept, made, tmp_path):
    kept[1]
    (tmp_path / "kept" / "1-1.npy").unlink()
    assert (kept[1][1] == 0.5).all()
    assert made == [1, 1]
