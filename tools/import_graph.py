"""Who imports whom in ``src/napari_emseg``, read from the code without running it.

A *floor* is a folder (or a module) at the top of the package, a *room* a folder inside a floor;
what lies in a floor's own folder is the room of the floor's name. The architecture test and the
picture in CONTRIBUTING.md are both made from this.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = "napari_emseg"
SOURCE = Path(__file__).parents[1] / "src" / PACKAGE

FLOORS = {
    "__init__": 0, "types": 0, "errors": 0,
    "io": 1, "core": 2, "model": 3, "engine": 4, "report": 4, "session": 5, "api": 5,
    "ui": 6, "cli": 7, "__main__": 7,
}  # fmt: skip
"""Height of each floor; a module may import from its own height and from below."""


class Import(NamedTuple):
    """One import statement: who, whom, where, and whether it runs when the module is imported."""

    importer: str
    imported: str
    line: int
    at_import: bool
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.importer}, line {self.line}: imports {self.imported}"


def module_name(path: Path) -> str:
    """Dotted name of a file; a package has the name of its folder."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    """All modules, parsed."""
    return {
        module_name(path): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
    }


@cache
def packages() -> dict[str, str]:
    """Folders with the first line of their docstring."""
    return {
        module_name(path): (ast.get_docstring(modules()[module_name(path)]) or "").split("\n")[0]
        for path in sorted(SOURCE.rglob("__init__.py"))
    }


def floor_of(module: str) -> str:
    """Folder or file under the package."""
    return module.split(".")[1] if "." in module else "__init__"


def room_of(module: str) -> str:
    """Folder that a module lies in, without the package's name: ``ui.segment``, ``io``."""
    folder = module if module in packages() else module.rpartition(".")[0]
    return folder.partition(".")[2] or floor_of(module)


@cache
def all_imports() -> list[Import]:
    """Of all modules."""
    return [each for module in modules() for each in imports_of(module)]


@cache
def imports_of(module: str) -> tuple[Import, ...]:
    """Those of one module, wherever in it they stand."""
    return tuple(_walk(module, modules()[module], at_import=True))


@cache
def room_arrows() -> dict[str, set[str]]:
    """Which other rooms each room imports from."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for each in all_imports():
        if within(each.imported, PACKAGE) and room_of(each.imported) != room_of(each.importer):
            arrows[room_of(each.importer)].add(room_of(each.imported))
    return arrows


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """One way round, from a room back to itself; empty where there is none."""
    open_, done = [], set()

    def visit(room: str) -> list[str]:
        if room in open_:
            return [*open_[open_.index(room) :], room]
        if room in done:
            return []
        open_.append(room)
        for other in sorted(arrows.get(room, ())):
            if found := visit(other):
                return found
        done.add(open_.pop())
        return []

    return next((found for room in sorted(arrows) if (found := visit(room))), [])


def within(name: str, package: str) -> bool:
    """Whether a module is that package, or lies in it."""
    return name == package or name.startswith(package + ".")


def _walk(module: str, node: ast.AST, *, at_import: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for name, names in _imported(child):
            yield Import(module, name, child.lineno, at_import, names)  # type: ignore[attr-defined]
        later = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            later = True
        yield from _walk(module, child, at_import=at_import and not later)


def _imported(node: ast.AST) -> list[tuple[str, tuple[str, ...]]]:
    if isinstance(node, ast.Import):
        return [(alias.name, ()) for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        if node.level:
            raise ValueError(f"line {node.lineno}: a relative import")
        whole = str(node.module)
        full = [(f"{whole}.{alias.name}", alias.name) for alias in node.names]
        return [(name, ()) if name in modules() else (whole, (short,)) for name, short in full]
    return []
