"""The manifest, checked further than npe2 does: it lets wrong menus, keys and commands pass."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from npe2 import PluginManifest
from npe2.manifest.contributions import ContributionPoints

import napari_emseg

REPO = Path(__file__).parents[1]
MANIFEST = Path(napari_emseg.__file__).with_name("napari.yaml")
RAW = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
POINTS = RAW["contributions"]
COMMANDS = {each["id"]: each["python_name"] for each in POINTS["commands"]}

MENUS = {
    *(f"napari/file/{name}" for name in ("acquire", "io_utilities", "new_layer")),
    *(
        f"napari/layers/{name}"
        for name in (
            "annotate", "classify", "data", "filter", "layer_type", "measure", "metadata",
            "project", "register", "segment", "track", "transform", "visualize",
        )
    ),
}  # fmt: skip
"""Where plugins may put things; napari drops what is put elsewhere without a word."""


def contributed(kind):
    return POINTS.get(kind) or []


def references():
    """Every command that something in the manifest refers to, with what refers to it."""
    for kind in ("readers", "writers", "widgets", "sample_data"):
        for each in contributed(kind):
            if "command" in each:
                yield kind, each["command"]
    for menu, items in (POINTS.get("menus") or {}).items():
        for item in items:
            if "command" in item:
                yield menu, item["command"]


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_file(MANIFEST)


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))


def test_npe2_takes_it(manifest):
    manifest.validate_imports  # noqa: B018  it exists; imports are checked below, in a process apart
    assert manifest.name == "napari-emseg"


def test_napari_finds_it():
    manifest = PluginManifest.from_distribution("napari-emseg")
    assert {each.id for each in manifest.contributions.commands} == set(COMMANDS)


def test_no_unknown_keys():
    assert set(RAW) <= set(PluginManifest.model_fields)
    assert set(POINTS) <= set(ContributionPoints.model_fields)


def test_no_unknown_keys_in_contributions(manifest):
    for kind in ("commands", "readers", "writers", "widgets", "sample_data"):
        for written, parsed in zip(
            contributed(kind), getattr(manifest.contributions, kind) or [], strict=True
        ):
            unknown = set(written) - set(type(parsed).model_fields)
            assert not unknown, f"{kind}: {written}"


def test_commands_are_named_after_the_plugin_and_unique():
    ids = [each["id"] for each in POINTS["commands"]]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("napari-emseg.") for each in ids)


def test_every_command_that_is_referred_to_exists():
    missing = [f"{where}: {command}" for where, command in references() if command not in COMMANDS]
    assert not missing


def test_no_command_is_idle():
    used = {command for _, command in references()}
    assert set(COMMANDS) == used


def test_every_python_name_imports_and_is_callable():
    """In a process of its own: some belong to the window."""
    lines = [
        "from importlib import import_module",
        f"for name in {sorted(COMMANDS.values())!r}:",
        "    module, _, attribute = name.partition(':')",
        "    assert callable(getattr(import_module(module), attribute)), name",
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=120,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_menus_are_such_that_napari_shows():
    assert set(POINTS.get("menus") or {}) <= MENUS


def test_the_menus_that_napari_has():
    constants = pytest.importorskip("napari._app_model.constants")
    assert {str(menu.value) for menu in constants.MenuId.contributables()} == MENUS


@pytest.mark.parametrize(("kind", "key"), [("widgets", "display_name"), ("sample_data", "key")])
def test_names_are_unique(kind, key):
    names = [each[key] for each in contributed(kind)]
    assert names
    assert len(set(names)) == len(names)


def test_names_are_of_the_form_that_napari_takes():
    shown = [RAW["display_name"]]
    shown += [e["display_name"] for kind in ("widgets", "writers") for e in contributed(kind)]
    for name in shown:
        assert 3 <= len(name) <= 90
        assert name[0].isalnum()
        assert name[-1].isalnum()


def test_reader_patterns_can_match():
    """napari compares them with the lower-cased name of the file, without its folder."""
    for reader in contributed("readers"):
        for pattern in reader["filename_patterns"]:
            assert pattern == pattern.lower()
            assert "/" not in pattern


@pytest.mark.parametrize(
    ("name", "command"),
    [
        *((name, "read") for name in ("cells.tif", "CELLS.TIFF", "stack.npy", "big.zarr")),
        ("work.emseg", "read_project"),
    ],
)
def test_our_files_find_one_reader(manifest, name, command):
    from fnmatch import fnmatch

    found = [
        reader.command
        for reader in manifest.contributions.readers
        if any(fnmatch(name.lower(), pattern) for pattern in reader.filename_patterns)
    ]
    assert found == [f"napari-emseg.{command}"]


def test_folders_are_offered_to_the_reader_of_stacks():
    offered = {each["command"]: each["accepts_directories"] for each in contributed("readers")}
    assert offered == {"napari-emseg.read": True, "napari-emseg.read_project": False}


def test_writers_take_one_layer_of_their_kind(manifest):
    """One layer each: so napari calls them with (path, data, meta)."""
    endings = {}
    for writer in manifest.contributions.writers:
        if writer.command == "napari-emseg.write_project":
            assert writer.layer_types == ["image*", "labels*"]  # all that there are
            continue
        (kind,) = writer.layer_types  # "image" is one layer, "image*" would be many
        endings[kind] = set(writer.filename_extensions)
    assert set(endings) == {"image", "labels"}
    assert all({".tif", ".tiff", ".npy", ".zarr"} <= each for each in endings.values())


def test_categories_exist():
    assert set(RAW["categories"]) <= {"Segmentation", "IO", "Image Processing"}


# -- where it lies --------------------------------------------------------------------------------


def test_the_one_at_the_root_is_a_link_to_the_packaged_one():
    root = REPO / "napari.yaml"
    assert root.is_symlink()
    assert root.resolve() == (REPO / "src" / "napari_emseg" / "napari.yaml").resolve()
    assert not root.readlink().is_absolute()


def test_the_entry_point_has_no_slash_and_no_dots(pyproject):
    entry = pyproject["project"]["entry-points"]["napari.manifest"]
    assert entry == {"napari-emseg": "napari_emseg:napari.yaml"}


def test_the_sample_goes_into_the_wheel(pyproject):
    wheel = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["src/napari_emseg"]
    assert wheel["force-include"]["sample_data"] == "napari_emseg/sample_data"
    assert (REPO / "sample_data").is_dir()
    assert not (REPO / "sample_data").is_symlink()  # a linked folder is lost from a wheel
