"""The keys of the docks: one action each, none that napari has, and all of them told."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from napari._app_model import get_app_model
from napari.utils.key_bindings import coerce_keybinding
from napari.utils.shortcuts import default_shortcuts
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence

from napari_emseg.session.help.keys import (
    ALL_KEYS,
    NEXT_PLACE,
    PAINT_CLASS,
    PUT_DOWN,
    TAKE_CUT,
)
from napari_emseg.ui.viewer.shortcuts import pressed, viewer_shortcut

BORROWED = {PUT_DOWN, TAKE_CUT, PAINT_CLASS}
"""napari's keys for its own tools, while one of ours is taken up or the layer holds classes."""

OF_NO_LABELS = ("points", "shapes", "vectors", "tracks", "surface", "image", "orient_plane",
                "add_", "vertex", "direct_mode", "select_mode", "select_all", "select_append",
                "finish_drawing", "auto_contrast")  # fmt: skip
"""Parts of the names of actions that belong to layers on which none of our keys acts."""


def keys_of_napari():
    """What its viewer and its labels layers listen to, by its binding."""
    return {
        binding: name
        for name, bindings in default_shortcuts.items()
        for binding in bindings
        if not any(each in name for each in OF_NO_LABELS)
    }


def test_each_does_one_thing():
    for field in ("action", "key", "about"):
        counts = Counter(getattr(each, field) for each in ALL_KEYS)
        assert set(counts.values()) == {1}, field


def test_none_is_a_key_of_napari(viewer):
    taken = keys_of_napari()
    assert coerce_keybinding("P") in taken
    in_menus = {each.keybinding for each in get_app_model().keybindings}
    assert coerce_keybinding("Alt-S") in in_menus
    for key in set(ALL_KEYS) - BORROWED:
        assert coerce_keybinding(key.key) not in taken, key
        assert coerce_keybinding(key.key) not in in_menus, key


def test_none_opens_a_menu(viewer):
    """On Linux and Windows Alt with the letter that is underlined does."""
    bar = viewer.window._qt_window.menuBar()
    opening = {QKeySequence.mnemonic(each.text()).toString() for each in bar.actions()}
    assert "Alt+P" in opening
    assert not opening & {each.key.replace("-", "+") for each in ALL_KEYS}


@pytest.mark.parametrize("key", [each for each in ALL_KEYS if "Alt" in each.key])
def test_a_key_with_alt_comes_to_the_canvas(viewer, qtbot, key):
    viewer.add_image(np.zeros((3, 32, 32), np.uint8))
    went = []
    shortcut = viewer_shortcut(viewer, key, lambda: went.append(key))
    modifier = Qt.KeyboardModifier.AltModifier
    if "Shift" in key.key:
        modifier |= Qt.KeyboardModifier.ShiftModifier
    letter = getattr(Qt.Key, f"Key_{key.key[-1]}")
    qtbot.keyClick(viewer.window._qt_viewer.canvas.native, letter, modifier)
    shortcut.stop()
    assert went == [key]


def test_the_pages_tell_all_of_them(repo):
    said = (repo / "docs" / "keys.md").read_text(encoding="utf-8")
    rows = [f"| {each.key}{' *' * each.is_fixed} | {each.about} |" for each in ALL_KEYS]
    assert [row for row in rows if row not in said] == []
    assert all(f"## {each.page}" in said for each in ALL_KEYS)
    assert pressed(NEXT_PLACE) == NEXT_PLACE.key
