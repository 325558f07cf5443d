from __future__ import annotations

import numpy as np
import pandas as pd

from napari_emseg.core.measure.table import Table
from napari_emseg.ui.measure.features import with_features

TABLE = Table({"id": np.array([3, 7]), "volume_um3": np.array([0.5, 0.25])})


def test_a_row_a_cell_by_its_id():
    found = with_features(TABLE, pd.DataFrame())
    assert found.to_dict("list") == {"index": [3, 7], "volume_um3": [0.5, 0.25]}


def test_what_others_know_of_labels_stays():
    others = pd.DataFrame({"index": [7, 9], "name": ["axon", "glia"], "volume_um3": [9.0, 9.0]})
    found = with_features(TABLE, others).set_index("index")
    assert found.index.tolist() == [3, 7, 9]
    assert found["name"].fillna("").tolist() == ["", "axon", "glia"]
    assert found["volume_um3"].fillna(0).tolist() == [0.5, 0.25, 0]


def test_rows_without_an_index_are_of_labels_0_1_and_so_on():
    found = with_features(TABLE, pd.DataFrame({"name": list("abcd")})).set_index("index")
    assert found["name"].to_dict() == {0: "a", 1: "b", 2: "c", 3: "d", 7: found["name"][7]}
    assert found["volume_um3"][3] == 0.5


def test_measured_again_the_columns_are_those_of_now():
    first = with_features(TABLE, pd.DataFrame({"index": [3], "name": ["axon"]}))
    again = with_features(Table({"id": np.array([3]), "volume_um3": np.array([1.0])}), first)
    assert again["volume_um3"].dropna().tolist() == [1.0]
    assert list(again.columns) == ["index", "volume_um3", "name"]
