"""Numbers in words."""

from __future__ import annotations

import pytest

from napari_emseg.session.words import duration, plural


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.34, "0.3 s"), (12.6, "13 s"), (65, "1 min 05 s"), (3725, "1 h 02 min")],
)
def test_duration(seconds, words):
    assert duration(seconds) == words


def test_plural():
    assert [plural(count, "slice") for count in (0, 1, 2)] == ["0 slices", "1 slice", "2 slices"]
