"""What is done with bytes of anybody's, by the kind of file that they stand for.

Each target ends without a word or with an error of ours; anything else is a fault.
``tools/fuzz_readers.py`` looks for bytes that find one, and what it found is tried again by
`test_found.py`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from napari_emseg.errors import EmsegError
from napari_emseg.io.formats import file_format

sys.path[:0] = [
    str(Path(__file__).parents[1] / "corpus"),
    str(Path(__file__).parents[1] / "io" / "formats"),
]

Use = Callable[[Path, bytes], object]
"""Puts bytes into an empty folder and does with them what a person would."""

_BETWEEN = b"\n--8<--\n"
"""Stands between the files of what is a folder."""
_MOST_VALUES = 2**22
"""Of larger stacks three slices are looked at."""


def _stack_file(name: str) -> Use:
    def use(folder: Path, content: bytes) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        _read_in_both_ways(folder / name.partition("/")[0])

    return use


def _stack_folder(*names: str) -> Use:
    """Several files, one after another; what there is more of goes to the last one."""

    def use(folder: Path, content: bytes) -> None:
        parts = content.split(_BETWEEN, len(names) - 1)
        for name, part in zip(names, parts, strict=False):
            path = folder / "a.zarr" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(part)
        _read_in_both_ways(folder / "a.zarr")

    return use


def _read_in_both_ways(path: Path) -> None:
    """At once and slice by slice, which must give the same."""
    whole, parts = _read(path, at_once=True), _read(path, at_once=False)
    if whole is not None:
        assert parts is not None, "read at once, and refused slice by slice"
        for one, other in zip(whole, parts, strict=True):
            np.testing.assert_array_equal(one, other)


def _read(path: Path, *, at_once: bool) -> list[np.ndarray] | None:
    """Some slices of a stack, or all; None where it is refused in words."""
    from napari_emseg.io.read import read_stack

    with _lazy_from(2**28 if at_once else 0):
        try:
            stack = read_stack(path, raw_values=True)
            few = math.prod(stack.shape) <= _MOST_VALUES
            some = range(len(stack)) if few else {0, len(stack) // 2, len(stack) - 1}
            slices = [stack.slice(z) for z in some]
        except EmsegError as error:
            _require_words(error)
            return None
    assert all(each.shape == stack.shape[1:] for each in slices)
    return slices


def _require_words(error: EmsegError) -> None:
    assert 10 < len(str(error)) < 2000, f"an error of {len(str(error))} letters"


@contextmanager
def _lazy_from(size: int) -> Iterator[None]:
    before, file_format.LAZY_BYTES = file_format.LAZY_BYTES, size
    try:
        yield
    finally:
        file_format.LAZY_BYTES = before


def _project(folder: Path, content: bytes) -> None:
    from napari_emseg.io.project.project_file import moved_files, read_project

    (folder / "a.emseg").write_bytes(content)
    for read in (moved_files, read_project):
        try:
            read(folder / "a.emseg")
        except EmsegError:
            continue


def _numbers(folder: Path, content: bytes) -> None:
    from napari_emseg.io.disk.npz import NPZ_DAMAGE, read_npz

    (folder / "a.npz").write_bytes(content)
    try:
        read_npz(folder / "a.npz", largest=2**26)
    except NPZ_DAMAGE:
        return


def _description(folder: Path, content: bytes) -> None:
    from napari_emseg.model.packages.introduction import introduction
    from napari_emseg.model.packages.package import read_package

    (folder / "rdf.yaml").write_bytes(content)
    (folder / "weights.keras").write_bytes(b"")
    try:
        introduction(read_package(folder))
    except EmsegError:
        return


TARGETS: dict[str, Use] = {
    "tif": _stack_file("a.tif"),
    "ome-tif": _stack_file("a.ome.tif"),
    "npy": _stack_file("a.npy"),
    "png": _stack_file("a.png"),
    "jpg": _stack_file("raw/a.jpg"),
    "h5": _stack_file("a.h5"),
    "mrc": _stack_file("a.mrc"),
    "dm3": _stack_file("a.dm3"),
    "dm4": _stack_file("a.dm4"),
    "zarr3": _stack_folder("zarr.json", "0/zarr.json", "0/c/0/0/0"),
    "zarr2": _stack_folder(".zgroup", ".zattrs", "0/.zarray", "0/0.0.0"),
    "emseg": _project,
    "npz": _numbers,
    "rdf": _description,
}


def seeds(name: str, folder: Path) -> Iterator[bytes]:
    """Whole files of a kind, to begin with; ``folder`` is empty and holds them meanwhile."""
    from make_bad_input import whole_files, whole_folders

    if name in ("zarr2", "zarr3"):
        yield from _zarrs(name, {each.name: each for each in whole_folders(folder)})
    elif name == "emseg":
        yield from _projects(folder)
    elif name == "npz":
        np.savez_compressed(folder / "a.npz", image=np.zeros((3, 4), np.float16), n=np.array(3))
        yield (folder / "a.npz").read_bytes()
    elif name == "rdf":
        from napari_emseg.model.packages.library import SHIPPED, find_model

        yield from ((find_model(each).folder / "rdf.yaml").read_bytes() for each in SHIPPED)
    else:
        ending = "." + name.replace("-", ".")
        yield from (each.read_bytes() for each in whole_files(folder) if each.name.endswith(ending))


def _zarrs(name: str, made: dict[str, Path]) -> Iterator[bytes]:
    if name == "zarr2":
        two = made["two.zarr"]
        attributes = b'{"multiscales": [{"version": "0.4", "axes": [{"name": "z"}], '
        attributes += b'"datasets": [{"path": "0"}]}]}'
        for about in (b"{}", attributes):
            parts = [(two / each).read_bytes() for each in (".zgroup", "0/.zarray", "0/0.0.0")]
            yield _BETWEEN.join([parts[0], about, *parts[1:]])
        return
    for group in (made["three.zarr"], made["ome.zarr"]):
        files = [group / each for each in ("zarr.json", "0/zarr.json", "0/c/0/0/0")]
        if all(each.is_file() for each in files):
            yield _BETWEEN.join(each.read_bytes() for each in files)


def _projects(folder: Path) -> Iterator[bytes]:
    from napari_emseg.io.project.project_file import Project, ProjectLayer, write_project
    from napari_emseg.types import Stack

    pixels = Stack(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
    kept = [ProjectLayer({"name": each, "type": "labels"}, pixels) for each in "ab"]
    yield write_project(folder / "a", Project(kept, {"docks": {"Segment": {}}})).read_bytes()
