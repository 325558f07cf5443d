"""What napari offers the plugin for are the formats there are."""

from __future__ import annotations

from pathlib import Path

import yaml

import napari_emseg
from napari_emseg.io.formats.file_format import WritableFormat
from napari_emseg.io.formats.registry import FORMATS, stack_endings


def test_the_manifest_names_all_formats():
    manifest = yaml.safe_load((Path(napari_emseg.__file__).parent / "napari.yaml").read_text())
    readers, writers = (manifest["contributions"][part] for part in ("readers", "writers"))
    stacks = {each for each in stack_endings() if each != ".png"}  # a single one is napari's
    assert {each.removeprefix("*") for each in readers[0]["filename_patterns"]} == stacks
    written = {e for each in FORMATS if isinstance(each, WritableFormat) for e in each.endings}
    of_stacks = [each for each in writers if each["layer_types"] in (["image"], ["labels"])]
    assert len(of_stacks) == 2
    assert all(set(each["filename_extensions"]) == written - {".png"} for each in of_stacks)
