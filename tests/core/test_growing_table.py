"""A table that grows part by part comes to what all parts give at once."""

from __future__ import annotations

from collections import Counter

from napari_emseg.core import growing_table
from napari_emseg.core.growing_table import GrowingTable


def test_what_was_taken_is_there_whenever_one_asks(monkeypatch):
    monkeypatch.setattr(growing_table, "_LEAST_WAITING", 4)
    held = []

    def joined(parts):
        held.append(len(parts))
        return sum(parts, Counter())

    table = GrowingTable(joined)
    for k in range(20):
        table.add(Counter(a=1, b=k))
        if k == 7:
            assert table.total()["a"] == 8
    assert table.total() == Counter(a=20, b=190)
    assert max(held) < 6, "parts do not pile up"
