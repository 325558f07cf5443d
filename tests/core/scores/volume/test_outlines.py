"""Where two pieces meet: as all voxels say, looked at one by one; and large pieces, thinned out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist

from napari_emseg.core.scores.volume import outlines as module
from napari_emseg.core.scores.volume.outlines import Outlines, SliceOutlines

SIZE = (50.0, 4.0, 4.0)
SMALLER, LARGER = (1, 7), (2, 7)
STEP_NM = 8 * SIZE[2]
"""Between the voxels that stand for a run of them."""


def bodies(seed):
    """Two true cells of any form in one predicted cell."""
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=(6, 48, 48)), (1, 5, 5))
    truth = np.where(noise > 0.03, 2, np.where(noise < -0.04, 1, 0))
    return truth, np.full_like(truth, 7)


def taken(truth, predicted):
    wanted, found = SliceOutlines([SMALLER, LARGER]), Outlines()
    for z in range(len(truth)):
        found.add(wanted.of(z, truth[z], predicted[z]))
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("most", [20_000, 300])
def test_they_meet_about_where_they_come_nearest(monkeypatch, seed, most):
    monkeypatch.setattr(module, "_MOST", most)
    truth, predicted = bodies(seed)
    there, here = taken(truth, predicted).meeting(SMALLER, LARGER, SIZE)
    assert (truth[there], truth[here]) == (2, 1)
    away = np.linalg.norm(np.subtract(there, here) * SIZE)
    nearest = cdist(np.argwhere(truth == 1) * SIZE, np.argwhere(truth == 2) * SIZE).min()
    thinned = 1 if most == 20_000 else 3
    assert nearest <= away <= nearest + thinned * STEP_NM


def test_the_box_is_that_of_all_voxels_however_few_are_kept(monkeypatch):
    monkeypatch.setattr(module, "_MOST", 50)
    truth, predicted = bodies(0)
    found = np.argwhere(truth == 1)
    box = taken(truth, predicted).box(SMALLER)
    assert box == (tuple(found.min(axis=0)), tuple(found.max(axis=0)))


def test_a_slice_without_a_wanted_piece_has_none():
    truth, predicted = bodies(0)
    assert SliceOutlines([(5, 7)]).of(0, truth[0], predicted[0]) == []
    assert SliceOutlines([(1, 8), (3, 7)]).of(0, truth[0], predicted[0]) == []
