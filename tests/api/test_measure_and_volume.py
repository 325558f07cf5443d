"""`measure` and `evaluate_volume` from a script: settings, stopping, voxel sizes."""

from __future__ import annotations

import numpy as np
import pytest

import napari_emseg as em


@pytest.fixture
def cells():
    ids = np.zeros((4, 20, 40), int)
    ids[:, 2:18, 2:18], ids[:, 2:18, 22:38] = 1, 2
    return ids


def test_a_stack_brings_its_voxel_size(cells):
    found = em.measure(em.Stack(cells, (50.0, 4.0, 4.0), kind="labels"))
    assert found.cells["volume_um3"] == pytest.approx([4 * 16 * 16 * 800e-9] * 2)


def test_settings_are_checked(cells):
    with pytest.raises(em.SettingError, match="widest_membrane_px"):
        em.measure(cells, widest_membrane_pixels=3)
    with pytest.raises(em.SettingError, match="foreground"):
        em.evaluate_volume(cells, cells, foreground="isbi")
    assert len(em.measure(cells, widest_membrane_px=2).contacts) == 0


@pytest.mark.parametrize("call", [lambda c, **k: em.evaluate_volume(c, c, **k), em.measure])
def test_both_stop_when_asked(cells, call):
    done = []
    with pytest.raises(em.CancelledError, match="of 4 slices"):
        call(cells, on_slice=lambda *each: done.append(each), should_stop=lambda: len(done) > 1)
    assert len(done) == 2
