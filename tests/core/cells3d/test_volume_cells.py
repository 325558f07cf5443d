"""Cells through a volume."""

from __future__ import annotations

import numpy as np
import pytest
from tests.core.cells3d.made_volumes import discs, plain_model

from napari_emseg.core.cells3d.agglomerate import Evidence, agglomerate
from napari_emseg.core.cells3d.graph import FragmentGraph
from napari_emseg.core.cells3d.volume_cells import (
    VolumeCells,
    count_cells,
    fragment_volume,
)


def solved(volume: np.ndarray, **table: object) -> tuple[np.ndarray, VolumeCells]:
    fragments = np.zeros(volume.shape, np.int32)
    cells = VolumeCells.of(fragment_volume(volume, fragments), plain_model())
    return cells.table(**table)[fragments], cells  # type: ignore[arg-type]


TWO = discs((48, 24, 18), (48, 72, 18))
ONE_SHIFTED = discs((48, 28, 18), (48, 70, 18))


def test_cells_keep_their_ids_through_the_slices() -> None:
    cells, _ = solved(np.stack([TWO, ONE_SHIFTED, TWO]))
    assert len(np.unique(cells)) == 2
    assert (cells[:, 48, 24] == cells[0, 48, 24]).all()
    assert cells[0, 48, 24] != cells[0, 48, 72]


def test_branches_join() -> None:
    """A cell that branches is one: its branches overlap it each, though not one another."""
    trunk = discs((48, 48, 34))
    branches = discs((48, 24, 18), (48, 72, 18))
    cells, _ = solved(np.stack([branches, trunk, trunk]))
    assert cells[0, 48, 24] == cells[0, 48, 72] == cells[2, 48, 48]


def test_one_bad_slice_parts_nothing() -> None:
    bad = np.full(TWO.shape, 0.3, np.float32)
    cells, _ = solved(np.stack([TWO, TWO, bad, TWO, TWO]))
    assert cells[0, 48, 24] == cells[4, 48, 24]
    assert cells[0, 48, 72] == cells[4, 48, 72]
    assert cells[0, 48, 24] != cells[0, 48, 72]


def test_a_missing_section_parts_nothing_and_holds_nothing() -> None:
    cells, _ = solved(np.stack([TWO, np.zeros_like(TWO), TWO]))
    assert not cells[1].any()
    assert cells[0, 48, 24] == cells[2, 48, 24]


def test_there_are_no_cells_in_a_rim() -> None:
    rim = TWO.copy()
    rim[:, :6] = 0
    rim[:, 90:] = 0
    cells, _ = solved(np.stack([rim, rim]))
    assert not cells[:, :, 91:].any()
    assert cells[:, 48, 24].all()


def test_knob_from_all_apart_to_all_together() -> None:
    volume = np.stack([TWO, ONE_SHIFTED, TWO])
    _, apart = solved(volume)
    counts = [int(apart.table(merging).max()) for merging in (0, 0.3, 0.5, 0.7, 1)]
    assert counts[0] == apart.graph.count
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] == 1


def test_cells_of_few_slices_are_left_out_save_at_the_ends() -> None:
    speck = discs((48, 24, 18), (48, 72, 18), (12, 48, 7))
    volume = np.stack([TWO, TWO, speck, TWO, TWO])
    cells, found = solved(volume)
    count = count_cells(found.table(), found.graph)
    assert count.in_one_slice == 1
    assert count.cells == cells.max()
    fewer, _ = solved(volume, least_slices=2)
    assert fewer.max() == cells.max() - 1
    assert fewer[2, 12, 48] == 0
    assert np.unique(fewer)[-1] == fewer.max()
    first, found = solved(np.stack([speck, TWO, TWO]), least_slices=3)
    assert first[0, 12, 48] > 0  # nobody sees how far it goes on
    assert count_cells(found.table(), found.graph).in_one_slice == 0


def test_a_lazy_volume_is_read_once_slice_by_slice() -> None:
    class Lazy:
        shape, dtype = (3, *TWO.shape), np.dtype(np.float32)
        read: list[int] = []  # noqa: RUF012

        def __getitem__(self, z: int) -> np.ndarray:
            self.read.append(z)
            return TWO

    told: list[tuple[int, int]] = []
    lazy, out = Lazy(), np.zeros((3, *TWO.shape), np.int32)
    fragment_volume(lazy, out, on_slice=lambda *each: told.append(each))  # type: ignore[arg-type]
    assert sorted(lazy.read) == [0, 1, 2]
    assert told == [(1, 3), (2, 3), (3, 3)]
    whole = np.zeros_like(out)
    fragment_volume(np.stack([TWO] * 3), whole)
    assert np.array_equal(out, whole)


@pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
def test_volumes_of_one_value(value: float) -> None:
    cells, _ = solved(np.full((3, 40, 40), value, np.float32))
    assert len(np.unique(cells)) == 1


def test_between_two_levels_the_knob_is_exact() -> None:
    rng, count = np.random.default_rng(0), 40
    first, second = np.triu_indices(count, 1)
    evidence = Evidence(first, second, rng.normal(0, 1, first.size), rng.uniform(1, 2, first.size))
    cells = VolumeCells(FragmentGraph(count, np.zeros(1, np.int64), np.ones(count), {}), evidence)
    differ = 0
    for merging in np.arange(0.01, 1, 0.02):
        expected = agglomerate(count, evidence, merging) + 1
        assert np.array_equal(cells.table(merging)[1:], expected)
        differ += not np.array_equal(cells.hierarchy.at(merging) + 1, expected)
    assert differ  # else the level below would do
