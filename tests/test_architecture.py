"""Imports run down the floors and never up, and heavy libraries stay where they belong.

The table is the one in the design: window and command line stand on the engine, the engine on the
model, the model on the core, the core on files; `types` and `errors` stand under all.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

TOOLS = Path(__file__).parents[1] / "tools"
sys.path.insert(0, str(TOOLS))
from import_graph import (  # noqa: E402  a program of the repository, not of the package
    FLOORS,
    PACKAGE,
    SOURCE,
    all_imports,
    circle,
    floor_of,
    imports_of,
    modules,
    room_arrows,
    room_of,
    within,
)

sys.path.remove(str(TOOLS))

WINDOW = {"napari", "qtpy", "superqt", "magicgui", "psygnal", "PyQt5", "PyQt6", "PySide6"}
BACKENDS = {"tensorflow", "jax", "torch"}
NETWORKS = {"keras", "openvino", *BACKENDS}
FILES = {
    "os", "pathlib", "shutil", "tempfile", "tifffile", "zarr", "imageio", "PIL", "napari_emseg.io",
}  # fmt: skip
FORBIDDEN = {
    "__init__": WINDOW | NETWORKS,
    "types": WINDOW | NETWORKS,
    "errors": WINDOW | NETWORKS,
    "io": (WINDOW - {"napari"}) | NETWORKS,  # napari not at import: see below
    "core": WINDOW | NETWORKS | FILES,
    "model": WINDOW | BACKENDS,
    "engine": WINDOW | NETWORKS,
    "report": WINDOW | NETWORKS,
    "session": (WINDOW - {"psygnal"}) | NETWORKS,
    "api": WINDOW | NETWORKS,
    "ui": NETWORKS,
    "cli": WINDOW | NETWORKS,
    "__main__": WINDOW | NETWORKS,
}
FOR_SCRIPTS_AND_TESTS = {"ArrayLabels", "DirectExecutor", "DirectJobs"}
OPTION = re.compile(r"(?<![\w-])--[a-z][\w-]*")
OF_OTHER_PROGRAMS = {
    "--force-reinstall", "--format", "--gpus", "--install", "--query-gpu", "--shutdown", "--yes",
}  # fmt: skip
HEAVY = {"keras", "tensorflow", "jax", "torch", "openvino"}


def loaded_with(module: str) -> dict[str, list[str]]:
    """What importing a module of ours imports, with the way that leads there."""
    ways = {module: [module]}
    todo = [module]
    while todo:
        current = todo.pop()
        for each in imports_of(current):
            if not each.at_import or each.imported in ways:
                continue
            ways[each.imported] = [*ways[current], each.imported]
            if each.imported in modules():
                todo.append(each.imported)
    return ways


# -- by reading ---------------------------------------------------------------------------------


def test_every_module_stands_on_a_floor():
    assert {floor_of(module) for module in modules()} <= set(FLOORS)


def test_no_room_is_crowded():
    """A folder that a person can take in at a glance."""
    crowd: dict[str, list[str]] = {}
    for module in modules():
        crowd.setdefault(room_of(module), []).append(module)
    assert {room: len(found) for room, found in crowd.items() if len(found) > 17} == {}


def test_rooms_import_in_no_circle():
    assert circle(room_arrows()) == []


def test_a_circle_would_be_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


def test_what_is_private_stays_in_its_room():
    wrong = [
        str(each)
        for each in all_imports()
        if within(each.imported, PACKAGE)
        and room_of(each.imported) != room_of(each.importer)
        and (
            each.imported.rpartition(".")[2].startswith("_")
            or any(name.startswith("_") and name != "__version__" for name in each.names)
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_the_picture_of_the_floors_is_that_of_the_code():
    command = [sys.executable, str(TOOLS / "draw_floors.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_arrow_runs_up():
    wrong = [
        str(each)
        for each in all_imports()
        if within(each.imported, PACKAGE)
        and FLOORS[floor_of(each.imported)] > FLOORS[floor_of(each.importer)]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("part", FLOORS)
def test_what_a_part_never_imports(part):
    wrong = [
        str(each)
        for each in all_imports()
        if floor_of(each.importer) == part
        and any(within(each.imported, name) for name in FORBIDDEN[part])
    ]
    assert not wrong, "\n".join(wrong)


def spoken(tree):
    """String literals of a module with their lines, save docstrings."""
    alone = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in alone:
            yield each.lineno, each.value


def test_only_the_command_line_speaks_of_its_options():
    """A message may reach the window, too: an error has settings, of which `cli` makes options."""
    wrong = [
        f"{module}, line {line}: {option}"
        for module, tree in modules().items()
        if floor_of(module) != "cli"
        for line, text in spoken(tree)
        for option in OPTION.findall(text)
        if option not in OF_OTHER_PROGRAMS
    ]
    assert not wrong, "\n".join(wrong)


def test_options_are_found_in_messages_and_not_in_docstrings():
    tree = ast.parse('"""Of --old."""\nraise E(f"{x}: take --runtime {y} - or " "(--over-write)")')
    found = [option for _, text in spoken(tree) for option in OPTION.findall(text)]
    assert found == ["--runtime", "--over-write"]


def test_whatever_is_public_is_named_by_something_that_is_no_test():
    root = SOURCE.parents[1]
    programs = [each for name in ("tools", "benchmarks") for each in (root / name).glob("*.py")]
    others = [*programs, root / "napari.yaml", root / "pyproject.toml"]
    texts = [each.read_text(encoding="utf-8") for each in (*SOURCE.rglob("*.py"), *others)]
    named = Counter(re.findall(r"\w+", "\n".join(texts)))
    defined = {
        each.name
        for path in SOURCE.rglob("*.py")
        for each in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(each, ast.FunctionDef | ast.ClassDef) and not each.decorator_list
    }
    forgotten = {name for name in defined if named[name] == 1 and not name.startswith("__")}
    assert forgotten == FOR_SCRIPTS_AND_TESTS


def test_nothing_imports_a_backend():
    """The network runs on keras alone, so that it works on each of them."""
    wrong = [str(each) for each in all_imports() if any(within(each.imported, b) for b in BACKENDS)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("part", [part for part in FLOORS if part != "model"])
def test_importing_a_part_does_not_load_keras(part):
    """Nor through what it imports in turn: only functions may, in the worker or the terminal."""
    for module in modules():
        if floor_of(module) != part:
            continue
        for name, way in loaded_with(module).items():
            assert not any(within(name, heavy) for heavy in HEAVY), " -> ".join(way)


@pytest.mark.parametrize("part", ["io", "engine", "report", "session", "api", "cli", "__main__"])
def test_importing_a_part_does_not_load_the_window(part):
    for module in modules():
        if floor_of(module) != part:
            continue
        for name, way in loaded_with(module).items():
            # psygnal knows no window; sessions are evented with it
            window = WINDOW - {"psygnal"} if part == "session" else WINDOW
            assert not any(within(name, library) for library in window), " -> ".join(way)
            assert not within(name, f"{PACKAGE}.ui"), " -> ".join(way)


# -- by running ---------------------------------------------------------------------------------


def modules_after(code: str) -> set[str]:
    """Names in ``sys.modules`` of a fresh interpreter that has run ``code``."""
    code = (
        f"import sys; before = set(sys.modules)\n{code}\n"
        "print(*sorted(set(sys.modules) - before), sep='\\n')"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_package_costs_next_to_nothing():
    loaded = modules_after(f"import {PACKAGE}")
    ours = {name for name in loaded if within(name, PACKAGE)}
    foreign = {name.split(".")[0] for name in loaded - ours} - sys.stdlib_module_names
    assert ours == {PACKAGE}
    assert not foreign
    assert len(loaded) < 150, sorted(loaded)  # the standard library's way to the version


def test_what_the_manifest_names_for_files_loads_neither_keras_nor_a_window():
    contributions = yaml.safe_load((SOURCE / "napari.yaml").read_text())["contributions"]
    names = {each["id"]: each["python_name"] for each in contributions["commands"]}
    used = [
        names[each["command"]]
        for kind in ("readers", "writers", "sample_data")
        for each in contributions[kind]
    ]
    from_io = {name.split(":")[0] for name in used if within(name, f"{PACKAGE}.io")}
    assert len(from_io) >= 3
    loaded = modules_after("\n".join(f"import {module}" for module in sorted(from_io)))
    assert not loaded & (HEAVY | WINDOW)


def test_neither_the_window_nor_the_engine_loads_keras():
    """TensorFlow in the window's process would crash it."""
    ours = sorted(m for m in modules() if floor_of(m) in ("ui", "engine"))
    assert f"{PACKAGE}.ui.segment.dock" in ours
    wanted = [*ours, f"{PACKAGE}.model.packages.library"]
    loaded = modules_after("\n".join(f"import {module}" for module in wanted))
    assert "napari" in loaded
    assert not loaded & HEAVY


def test_a_dock_opens_without_what_only_its_threads_need():
    """These take the window 0.3 s and more, where a hang of 0.1 s is felt."""
    rooms = ("segment", "train", "correct", "compare", "measure")
    docks = "import " + ", ".join(f"{PACKAGE}.ui.{room}.dock" for room in rooms)
    loaded = modules_after(docks) - modules_after("import napari, napari._qt.qt_main_window")
    assert not loaded & {"scipy.ndimage", "scipy.stats", "skimage", "cv2", "matplotlib", "pandas"}


def test_what_predicts_loads_no_keras():
    """On a processor OpenVINO does it all."""
    names = ["predict.predict", "packages.library", "runtimes.runtime", "runtimes.openvino_runtime"]
    loaded = modules_after("\n".join(f"import {PACKAGE}.model.{name}" for name in names))
    assert "openvino" in loaded
    assert not loaded & {"keras", "nncf", *BACKENDS}


def test_the_command_line_loads_neither_keras_nor_a_window():
    loaded = modules_after(f"import {PACKAGE}.cli.commands, {PACKAGE}.engine.worker_main")
    assert not loaded & (HEAVY | {"napari", "qtpy"})
