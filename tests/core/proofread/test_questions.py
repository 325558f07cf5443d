"""What a person is asked."""

from __future__ import annotations

import numpy as np
from tests.core.proofread.made_cells import chain, volume_of

from napari_emseg.core.proofread.proofreading import Proofreading
from napari_emseg.core.proofread.questions import questions


def test_large_pieces_come_before_small_ones() -> None:
    volume = volume_of({(1, 2): -0.5, (3, 4): -0.5}, [9000, 8000, 90, 80])
    asked = questions(Proofreading(volume, np.array([0, 1, 2, 3, 4])))
    assert [(each.first, each.second) for each in asked] == [(1, 2), (3, 4)]
    assert asked[0].cells == (1, 2)
    assert not asked[0].is_one
    assert 0 < asked[1].gain < asked[0].gain


def test_what_is_likelier_comes_first() -> None:
    volume = volume_of({(1, 2): -6.0, (3, 4): -0.5}, [500] * 4)
    asked = questions(Proofreading(volume, np.array([0, 1, 2, 3, 4])))
    assert (asked[0].first, asked[0].second) == (3, 4)
    assert asked[0].probability > asked[1].probability


def test_a_short_cell_is_a_piece_rather_than_one_that_goes_through() -> None:
    """Slices hold fragments 1 2 3, 4 5 and 6 7: cell 1 lives in all of them, cell 2 in one."""
    odds = {(1, 4): 5.0, (4, 6): 5.0, (1, 2): -2.0, (1, 3): -2.0, (5, 3): 5.0, (5, 7): 5.0}
    volume = volume_of(odds, [900, 500, 200, 900, 150, 900, 150], [0, 3, 5])
    asked = questions(Proofreading(volume, np.array([0, 1, 2, 3, 1, 3, 1, 3])))
    found = {each.cells: each.probability for each in asked if not each.is_one}
    assert found[1, 2] > found[1, 3]


def test_a_cell_of_two_halves_that_hang_together_by_little() -> None:
    volume = chain(6, 6, 0.2, 6, 6)
    cells = Proofreading(volume, volume.table(0.5))
    assert len(np.unique(cells.table[1:])) == 1
    asked = questions(cells)[0]
    assert (asked.first, asked.second) == (3, 4)
    assert asked.is_one


def test_what_is_answered_does_not_come_again() -> None:
    volume = chain(6, 6, 0.2, 6, -0.5, 6)
    cells = Proofreading(volume, np.array([0, 1, 1, 1, 1, 1, 2, 2]))
    seen: list[tuple[int, int]] = []
    while asked := questions(cells):
        first, second = asked[0].first, asked[0].second
        assert (first, second) not in seen
        seen.append((first, second))
        if asked[0].is_one:
            cells.merge(first, second)
        else:
            cells.keep_apart(first, second)
        assert len(seen) < 20
    assert (3, 4) in seen
    assert (5, 6) in seen


def test_two_cells_that_are_not_one_are_not_asked_about_through_other_fragments() -> None:
    volume = volume_of({(1, 3): -1.0, (2, 4): -0.5, (1, 2): 9.0, (3, 4): 9.0}, [100] * 4)
    cells = Proofreading(volume, np.array([0, 1, 1, 2, 2]))
    assert any(not each.is_one for each in questions(cells))
    cells.keep_apart(2, 4)
    assert all(each.is_one for each in questions(cells))


def test_the_likeliest_neighbour_is_asked_about_first_and_then_the_next() -> None:
    volume = volume_of({(1, 3): -1.0, (2, 3): -3.0}, [900, 900, 100])
    cells = Proofreading(volume, np.array([0, 1, 2, 3]))
    assert [each.cells for each in questions(cells)] == [(1, 3)]
    before = questions(cells)[0].probability
    cells.keep_apart(1, 3)
    assert [each.cells for each in questions(cells)] == [(2, 3)]
    assert questions(cells)[0].probability < before


def test_without_edges_nothing_is_asked() -> None:
    assert questions(Proofreading(volume_of({}, [9.0, 9.0]), np.array([0, 1, 2]))) == []
