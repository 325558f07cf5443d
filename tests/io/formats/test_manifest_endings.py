"""What napari offers the plugin for are the formats there are."""

from __future__ import annotations

from pathlib import Path

import yaml

import napari_emseg
from napari_emseg.io.formats.registry import stack_endings


def test_the_manifest_names_all_formats():
    manifest = yaml.safe_load((Path(napari_emseg.__file__).parent / "napari.yaml").read_text())
    readers, writers = (manifest["contributions"][part] for part in ("readers", "writers"))
    stacks = {each for each in stack_endings() if each != ".png"}  # a single one is napari's
    assert {each.removeprefix("*") for each in readers[0]["filename_patterns"]} == stacks
    assert all(set(each["filename_extensions"]) == stacks for each in writers)
