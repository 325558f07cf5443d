"""Slices as a person writes them, in the window and on the command line."""

from __future__ import annotations

import pytest

from napari_emseg.core.slices import parse_slices
from napari_emseg.errors import SettingError


@pytest.mark.parametrize(
    ("text", "slices"),
    [
        ("3:7", (3, 4, 5, 6)),
        ("24,25,26", (24, 25, 26)),
        ("1,4:6", (1, 4, 5)),
        (" 0:2, 9 ", (0, 1, 9)),
        ("5,2", (5, 2)),
    ],
)
def test_numbers_and_ranges_in_the_order_written(text, slices):
    assert parse_slices(text) == slices


@pytest.mark.parametrize(
    "text", ["", "a", "3:", ":3", "5:3", "3:3", "1,5:3", "1.5", "1,", "-1", "-3:2", "1:2:3"]
)
def test_anything_else_is_said_in_words(text):
    with pytest.raises(SettingError, match="slices: expected numbers or ranges") as caught:
        parse_slices(text)
    assert repr(text) in str(caught.value)


def test_a_digit_too_many_does_not_fill_the_memory():
    with pytest.raises(SettingError):
        parse_slices("0:300000000000000")
