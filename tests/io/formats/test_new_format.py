"""A format of its own is one module and one place in the registry: this one is made up."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from napari_emseg.errors import ReadError, WriteError
from napari_emseg.io.convert import convert
from napari_emseg.io.formats import registry
from napari_emseg.io.formats.file_format import FileFormat, Put, WritableFormat, put_at
from napari_emseg.io.layout.arrays import Loaded
from napari_emseg.io.napari_reader import get_reader
from napari_emseg.io.read import read_stack
from napari_emseg.io.resumable_writer import ResumableWriter, planned_stack
from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack

HEADER_BYTES = 200


class Lines(WritableFormat):
    """A line of JSON, then the pixels."""

    name = "lines"
    endings = (".lines",)

    def read(self, path: Path) -> Loaded:
        about = json.loads(path.read_bytes()[:HEADER_BYTES])
        data = np.memmap(path, about["dtype"], "r", HEADER_BYTES, tuple(about["shape"]))
        return Loaded(data, about["voxel_size_nm"] and tuple(about["voxel_size_nm"]), about["kind"])

    def check(self, path: Path, stack: Stack) -> None:
        if stack.data.dtype != np.uint8:
            raise WriteError(f"{path}: expected uint8, received {stack.data.dtype}")

    def make(self, path: Path, stack: Stack) -> None:
        about = {"dtype": "|u1", "shape": stack.shape, "kind": stack.kind}
        text = json.dumps({**about, "voxel_size_nm": stack.voxel_size_nm})
        with path.open("wb") as file:
            file.write(text.ljust(HEADER_BYTES).encode())
            file.truncate(HEADER_BYTES + int(np.prod(stack.shape)))

    def fill(self, path: Path, stack: Stack) -> AbstractContextManager[Put]:
        each = int(np.prod(stack.shape[1:]))
        return put_at(path, range(HEADER_BYTES, HEADER_BYTES + len(stack) * each, each))


class Locked(FileFormat):
    """One that is only read."""

    name = "locked lines"
    endings = (".locked",)

    def read(self, path: Path) -> Loaded:
        return Lines().read(path)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(registry, "FORMATS", (*registry.FORMATS, Lines(), Locked()))


@pytest.fixture
def stack(grey):
    return Stack(grey, (50.0, 4.0, 4.0), "a", "image")


def same(one: Stack, other: Stack) -> bool:
    alike = one.voxel_size_nm == other.voxel_size_nm and one.kind == other.kind
    return alike and np.array_equal(np.asarray(one.data), np.asarray(other.data))


def test_it_is_written_and_read(tmp_path, stack):
    path = write_stack(tmp_path / "a.b.LINES", stack)
    found = read_stack(path)
    assert same(found, stack)
    assert found.name == "a.b"
    assert get_reader(str(path)) is not None
    with pytest.raises(WriteError, match="exists already"):
        write_stack(path, stack)
    assert [each.name for each in tmp_path.iterdir()] == ["a.b.LINES"]


def test_its_own_checks_and_everybodys(tmp_path, stack):
    with pytest.raises(WriteError, match="expected uint8, received float32"):
        write_stack(tmp_path / "a.lines", stack.with_data(stack.data.astype(np.float32)))
    (tmp_path / "empty.lines").touch()
    with pytest.raises(ReadError, match="empty"):
        read_stack(tmp_path / "empty.lines")
    (tmp_path / "a.x").write_text("x")
    with pytest.raises(ReadError, match=r"\.zarr, \.lines, \.locked, received the ending '\.x'"):
        read_stack(tmp_path / "a.x")


def test_a_format_that_is_only_read(tmp_path, stack):
    with pytest.raises(WriteError, match=r"locked lines is only read; write to a \.tif"):
        write_stack(tmp_path / "a.locked", stack)
    write_stack(tmp_path / "a.lines", stack).rename(tmp_path / "a.locked")
    assert same(read_stack(tmp_path / "a.locked"), stack)


def test_a_writing_that_was_stopped_goes_on(tmp_path, stack):
    path, run = tmp_path / "a.lines", {"model": "default"}
    planned = planned_stack(stack, len(stack), np.uint8)

    def write(stop: int, **how: bool) -> None:
        with ResumableWriter(path, planned, run, **how) as out:
            for z in range(out.done, stop):
                out.put(z, stack.data[z])

    write(2)
    assert not path.exists()
    assert (tmp_path / "a.partial.lines").exists()
    with pytest.raises(WriteError, match="2 of 5 slices are there"):
        write(5)
    write(5, resume=True)
    assert same(read_stack(path), stack)
    assert [each.name for each in tmp_path.iterdir()] == ["a.lines"]


@pytest.mark.parametrize("other", ["a.tif", "a.zarr"])
def test_it_is_converted_from_and_to(tmp_path, stack, other):
    path = write_stack(tmp_path / other, stack)
    lines = convert(path, tmp_path / "b.lines")
    back = convert(lines, tmp_path / f"c{path.suffix}")
    assert same(read_stack(lines), stack)
    assert same(read_stack(back), stack)
