from __future__ import annotations

import numpy as np
import pytest

from napari_emseg.core.measure.row_filter import matching_rows
from napari_emseg.core.measure.table import Table
from napari_emseg.errors import EmsegError

TABLE = Table({
    "id": np.array([3, 7, 12, 40]),
    "volume_um3": np.array([0.05, 0.2, np.nan, 1.5]),
    "slices": np.array([1, 3, 4, 9]),
    "touches_rim": np.array([True, False, False, True]),
    "mean_profile_area_um2": np.array([0.1, 0.2, 0.3, 0.4]),
    "mean_profile_perimeter_nm": np.array([100.0, 200, 300, 400]),
})  # fmt: skip


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [3, 7, 12, 40]),
        ("  ", [3, 7, 12, 40]),
        ("12", [12]),
        ("12, 40 3", [3, 12, 40]),
        ("id = 7", [7]),
        ("volume_um3 > 0.1", [7, 40]),
        ("Volume>0.1", [7, 40]),
        ("volume > 0,1", [7, 40]),
        ("volume_µm³ <= 0.2", [3, 7]),
        ("0.1 < volume < 1", [7]),
        ("1 > volume >= 0.2", [7]),
        ("volume != 0.2", [3, 40]),
        ("volume > 0.1 and slices >= 4", [40]),
        ("volume > 0.1 & slices == 3", [7]),
        ("slices = 1 or slices = 9", [3, 40]),
        ("slices=1 or volume>0.1 and slices<4", [3, 7]),
        ("touches_rim", [3, 40]),
        ("not touches rim", [7, 12]),
        ("touches_rim = no", [7, 12]),
        ("mean profile area > 0.25", [12, 40]),
        ("vol > 1", [40]),
    ],
)
def test_what_a_person_may_write(text, ids):
    assert TABLE["id"][matching_rows(TABLE, text)].tolist() == ids


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("volum_um2 > 1", "no column 'volum_um2'; expected such as volume_um3"),
        ("mean > 1", "may be mean_profile_area_um2 or mean_profile_perimeter_nm; write more"),
        ("volume > large", "expected a number behind volume >, received 'large'"),
        ("volume", "expected a sign such as > behind 'volume'"),
        ("volume >", "expected a condition, received 'volume >'"),
        ("1 < 2 < volume < 3", "expected a condition"),
        ("slices > 1 and", "no column 'slices > 1 and'|expected a number"),
        ("> 3", "expected a condition"),
    ],
)
def test_what_cannot_be_understood_is_said(text, said):
    with pytest.raises(EmsegError, match=said):
        matching_rows(TABLE, text)


def test_ids_of_contacts_are_those_of_either_cell():
    table = Table({"id": np.array([1, 1, 2]), "neighbour": np.array([2, 3, 3])})
    assert matching_rows(table, "2").tolist() == [True, False, True]


def test_of_a_table_without_ids_numbers_mean_its_first_column():
    table = Table({"slice": np.arange(3), "count": np.array([5, 6, 7])})
    assert matching_rows(table, "2").tolist() == [False, False, True]
