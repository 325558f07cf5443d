"""What is private in napari is used in one room, whose tests notice when it changes."""

from __future__ import annotations

import ast
from pathlib import Path

import napari_emseg.ui

UI = Path(next(iter(napari_emseg.ui.__path__)))
VIEWER = UI / "viewer"
ALLOWED = {
    VIEWER / "label_colors.py": {"_data_to_texture"},
    VIEWER / "undo_history.py": {"_undo_history", "_redo_history", "_staged_history",
                                 "_save_history"},
    VIEWER / "window.py": {"_qt_window", "__wrapped__"},
}  # fmt: skip


def private_of_others(path: Path) -> set[str]:
    """Private attributes of anything but self, cls and what the module itself defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
    } | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} - own
    named = {
        node.args[1].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("getattr", "setattr", "hasattr")
        and isinstance(node.args[1], ast.Constant)
    }
    dunder = {name for name in used if name.startswith("__") and name != "__wrapped__"}
    return {name for name in used | named if str(name).startswith("_")} - dunder


def test_private_parts_of_napari_are_used_in_one_room():
    found = {path: private_of_others(path) for path in sorted(UI.rglob("*.py"))}
    assert {path: names for path, names in found.items() if names} == ALLOWED
