"""Corrections as lines: read, taken back, applied to the cells that they name."""

from __future__ import annotations

import numpy as np
import pytest
from tests.core.proofread.made_cells import chain, random_volume

from napari_emseg.core.proofread.corrections import (
    Correction,
    Placed,
    corrected,
    part_of,
    read_corrections,
    written,
)
from napari_emseg.core.proofread.proofreading import Proofreading
from napari_emseg.errors import LabelsError

MERGE = '{"merge": [[1, 2, 3], [4, 5, 6]]}'
SPLIT = '{"split": [[50, 8, 12], [100, 12, 16]], "unit": "nm", "note": "neck"}'


def test_points_are_voxels_or_nm() -> None:
    found = read_corrections(f"{MERGE}\n\n{SPLIT}\n", (50, 4, 4))
    assert found == (
        Correction(1, "merge", ((1, 2, 3), (4, 5, 6))),
        Correction(3, "split", ((1, 2, 3), (2, 3, 4))),
    )
    again = read_corrections(written(found))
    assert [(each.kind, each.points) for each in again] == [
        (each.kind, each.points) for each in found
    ]


@pytest.mark.parametrize(
    ("undone", "lines"),
    [
        ([], [1, 2]),
        ([1], [2]),
        ([1, 2], []),
        ([1, 3], [1, 2]),  # the undo of line 3 is undone
    ],
)
def test_a_line_takes_back_another(undone, lines) -> None:
    text = "\n".join([MERGE, MERGE, *(f'{{"undo": {n}}}' for n in undone)])
    assert [each.line for each in read_corrections(text)] == lines


@pytest.mark.parametrize(
    "line",
    [
        "merge 1 2", "[]", "{}", '{"merge": [[1, 2], [3, 4]]}', '{"merge": [[1, 2, 3]]}',
        '{"cut": [[1, 2, 3], [4, 5, 6]]}', '{"merge": [[1, 2, "3"], [4, 5, 6]]}',
        f'{MERGE[:-1]}, "unit": "m"}}', f'{MERGE[:-1]}, "split": []}}', '{"undo": "1"}', "NaN",
        '{"merge": [[1, 2, NaN], [4, 5, 6]]}', '{"merge": [[1, 2, 1e999], [4, 5, 6]]}',
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_understood_is_named(line) -> None:
    with pytest.raises(LabelsError, match="corrections, line 2: expected"):
        read_corrections(f"{MERGE}\n{line}")


@pytest.mark.parametrize("number", [0, 2, 3, 7])
def test_only_earlier_lines_are_undone(number) -> None:
    with pytest.raises(LabelsError, match="line 3: undo"):
        read_corrections(f'{MERGE}\n\n{{"undo": {number}}}')


def test_nm_need_a_voxel_size() -> None:
    with pytest.raises(LabelsError, match="line 1: unit nm: the voxel size is not known"):
        read_corrections(SPLIT)


def test_merged_and_split_and_ids_go_on_above_all() -> None:
    volume, table = chain(3, -1, 3, 3), np.array([0, 5, 5, 5, 5, 7], np.uint32)
    placed = [Placed(1, "split", 1, 4), Placed(2, "merge", 5, 1)]
    assert corrected(volume, table, placed, 900).tolist() == [0, 7, 7, 901, 901, 7]
    assert table.tolist() == [0, 5, 5, 5, 5, 7]


def test_the_later_of_two_prevails() -> None:
    volume, table = chain(3, 3), np.array([0, 1, 1, 2], np.uint32)
    both = [Placed(1, "merge", 2, 3), Placed(2, "split", 3, 2)]
    assert len(set(corrected(volume, table, both, 2)[2:].tolist())) == 2
    assert len(set(corrected(volume, table, both[::-1], 2)[2:].tolist())) == 1


def test_one_fragment_is_not_parted() -> None:
    volume, table = chain(3), np.array([0, 1, 1], np.uint32)
    assert corrected(volume, table, [Placed(1, "merge", 2, 2)], 1).tolist() == [0, 1, 1]
    with pytest.raises(LabelsError, match="line 4: both points lie in one fragment"):
        corrected(volume, table, [Placed(4, "split", 2, 2)], 1)


def test_a_part_of_a_volume_is_corrected_as_the_whole() -> None:
    rng = np.random.default_rng(5)
    volume = random_volume(40, 120, rng)
    table = volume.table(0.5)
    largest = int(np.bincount(table[1:]).argmax())
    members = np.flatnonzero(table == largest)
    assert members.size > 8
    whole = Proofreading(volume, table)
    whole.keep_apart(int(members[0]), int(members[-1]))
    part = part_of(volume, members - 1)
    ids = np.concatenate([[0], table[members]]).astype(np.uint32)
    placed = [Placed(1, "split", 1, members.size)]
    found = corrected(part, ids, placed, int(table.max()))
    np.testing.assert_array_equal(found[1:], whole.table[members])
