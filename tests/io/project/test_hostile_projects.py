"""A project of a stranger is opened, or refused in words; it fills no memory and leads nowhere."""

from __future__ import annotations

import json
import os
import sys
import time
import zipfile

import numpy as np
import psutil
import pytest
import tifffile

from napari_emseg.errors import ReadError
from napari_emseg.io.project.project_file import (
    Project,
    ProjectLayer,
    moved_files,
    read_project,
    write_project,
)
from napari_emseg.types import Stack

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
LAYER = {"name": "a", "type": "labels"}


@pytest.fixture
def path(tmp_path):
    return write_project(tmp_path / "work.emseg", Project([ProjectLayer(LAYER, Stack(PIXELS))]))


def packed(path, noted, **files):
    """A project of any description, with files by their names."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.json", noted if isinstance(noted, str) else json.dumps(noted))
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def layers(*noted, window=None):
    return {"version": 1, "layers": list(noted), "window": window or {}}


def stored(name):
    return layers({**LAYER, "stored": name})


@pytest.mark.parametrize(
    "noted",
    [
        " " * 2**27,
        "[" * 2**20,
        "{",
        "[]",
        {"layers": {}, "window": {}},
        {"layers": [3], "window": {}},
        {"layers": [], "window": []},
        {"layers": [], "window": {"docks": []}},
        {"layers": [], "window": {"docks": {"Segment": 3}}},
        layers(*[{**LAYER, "file": {"absolute": "a"}}] * 2000),
        layers({"stored": "layers/000.tif"}),
        layers({**LAYER, "file": 3}),
        layers({**LAYER, "file": {}}),
        stored("../../layers/000.tif"),
        stored("/etc/passwd"),
        stored("layers/000.h5"),
        stored("layers/999.tif"),
        stored(["layers/000.tif"]),
        stored("project.json"),
    ],
)
def test_what_no_project_has_is_refused(path, noted):
    packed(path, noted, **{"layers/000.tif": b"II*\0"})
    with pytest.raises(ReadError, match="expected a project"):
        read_project(path)


def test_pixels_that_unpack_to_more_than_the_memory_are_refused_before(path, tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("", (), {"available": 2**22}))
    packed(path, stored("layers/000.tif"), **{"layers/000.tif": bytes(2**23)})
    with pytest.raises(ReadError, match=r"take 0\.0 GiB, and 0\.0 GiB of memory are free"):
        read_project(path)
    twice = {**LAYER, "stored": "layers/000.tif"}
    packed(path, layers(twice, twice), **{"layers/000.tif": bytes(2**21 + 1)})
    with pytest.raises(ReadError, match="memory are free"):
        read_project(path)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 1024, 1024), np.uint8), compression="zlib")
    content = (tmp_path / "a.tif").read_bytes()
    assert len(content) < 2**20
    packed(path, stored("layers/000.tif"), **{"layers/000.tif": content})
    with pytest.raises(ReadError, match="memory are free"):
        read_project(path)


@pytest.mark.parametrize("damage", ["password", "packing"])
def test_a_zip_that_python_cannot_unpack(path, damage):
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")  # that of project.json, which comes last
    content[at + (8 if damage == "password" else 10)] = 1 if damage == "password" else 77
    path.write_bytes(content)
    with pytest.raises(ReadError, match="expected a project"):
        read_project(path)
    with pytest.raises(ReadError, match="expected a project"):
        moved_files(path)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such pipes")
def test_what_is_no_stack_is_neither_opened_nor_walked_through(tmp_path, path):
    os.mkfifo(tmp_path / "pipe.tif")
    places = [tmp_path / "pipe.tif", "/dev/zero", "/", tmp_path]
    (tmp_path / "notes.txt").write_text("mine")
    noted = [{**LAYER, "file": {"absolute": str(place), "relative": ""}} for place in places]
    packed(path, layers(*noted))
    begun = time.monotonic()
    assert moved_files(path) == tuple(map(str, places))
    found = read_project(path)
    assert time.monotonic() - begun < 5
    assert [layer.stack for layer in found.layers] == [None] * 4
    assert all("is not there" in note for note in found.notes)
