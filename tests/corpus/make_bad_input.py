# ruff: noqa: E501 - tables of cases
"""Some hundred stacks that are damaged, absurd or rare, each small on disk.

``make(folder)`` writes them and gives their paths by name; every one is to end with a stack or with
an error in words.
"""

from __future__ import annotations

import gzip
import json
import os
import pickle
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tifffile
import zarr
from PIL import Image

from napari_emseg.io.write import write_stack
from napari_emseg.types import Stack

Case = tuple[str, Path]

_RNG = np.random.default_rng(23)
_GREY = _RNG.integers(0, 256, (5, 24, 32), dtype=np.uint8)
_HUGE = 2**31


def make(folder: Path) -> dict[str, Path]:
    """Write all cases into an empty folder."""
    found: dict[str, Path] = {}
    for number, room in enumerate(
        (_damaged, _tiffs, _pictures, _npys, _hdf5s, _others, _zarrs, _folders, _values)
    ):
        place = folder / f"{number}"
        place.mkdir()
        for name, path in room(place):
            assert name not in found, name
            found[name] = path
    return found


# -- truncated and bit-flipped -------------------------------------------------------------------


def whole_files(folder: Path) -> Iterator[Path]:
    """A whole file of every format that is one."""
    options: dict[str, dict[str, Any]] = {
        "plain.tif": {}, "deflate.tif": {"compression": "zlib"}, "big.tif": {"bigtiff": True},
        "tiled.tif": {"tile": (16, 16), "compression": "zlib", "predictor": True},
        "lzw.tif": {"compression": "lzw"}, "imagej.tif": {"imagej": True}, "a.ome.tif": {},
        "motorola.tif": {"byteorder": ">"},
    }  # fmt: skip
    for name, how in options.items():
        tifffile.imwrite(folder / name, _GREY, **how)
        yield folder / name
    np.save(folder / "a.npy", _GREY)
    yield folder / "a.npy"
    for name in ("a.png", "a.jpg"):
        Image.fromarray(_GREY[0]).save(folder / name)
        yield folder / name
    for name, how in (("plain.h5", {}), ("gzip.h5", {"compression": "gzip", "chunks": (1, 8, 8)})):
        with h5py.File(folder / name, "w") as file:
            data = file.create_dataset("volumes/raw", data=_GREY, **how)
            data.attrs["resolution"] = (50.0, 4.0, 4.0)
        yield folder / name
    yield _mrc(folder / "a.mrc")
    from write_dm import write_dm

    for version in (3, 4):
        yield write_dm(folder / f"a.dm{version}", _GREY, (50.0, 4.0, 4.0), "nm", version)


def _mrc(path: Path, *, nx: int = 32, ny: int = 24, nz: int = 5, mode: int = 0) -> Path:
    header = bytearray(1024)
    struct.pack_into("<10i3f", header, 0, nx, ny, nz, mode, 0, 0, 0, nx, ny, nz, 128, 96, 150)
    struct.pack_into("<3f3i", header, 52, 90, 90, 90, 1, 2, 3)
    header[208:216] = b"MAP DD\0\0"
    path.write_bytes(bytes(header) + _GREY.tobytes())
    return path


def whole_folders(folder: Path) -> Iterator[Path]:
    """A whole folder of every format that is one."""
    for name in ("two.zarr", "three.zarr"):
        group = zarr.create_group(str(folder / name), zarr_format=2 if name == "two.zarr" else 3)
        group.create_array("0", data=_GREY, chunks=(1, 16, 16))
        yield folder / name
    write_stack(folder / "ome.zarr", Stack(_GREY, (50.0, 4.0, 4.0), "ome"))
    yield folder / "ome.zarr"
    import tensorstore

    for driver, name in (("n5", "a.n5"), ("neuroglancer_precomputed", "precomputed")):
        store = {"driver": "file", "path": str(folder / name)}
        spec: dict[str, Any] = {"driver": driver, "kvstore": store}
        array = tensorstore.open(
            spec, create=True, dtype=tensorstore.uint8,
            shape=[32, 24, 5, 1][: 3 if driver == "n5" else 4],
        ).result()  # fmt: skip
        array[...] = np.moveaxis(_GREY, 0, 2).swapaxes(0, 1).reshape(array.shape)
        yield folder / name
    for name in ("png", "tif"):
        (folder / name).mkdir()
        for z, one in enumerate(_GREY):
            write = Image.fromarray(one).save if name == "png" else None
            place = folder / name / f"slice_{z}.{name}"
            write(place) if write else tifffile.imwrite(place, one)
        yield folder / name


def _cut(content: bytes, part: float) -> bytes:
    return content[: int(len(content) * part)]


def _flipped(content: bytes, seed: int) -> bytes:
    """Some bits, most of them near the beginning or the end, where directories are."""
    rng, out = np.random.default_rng(seed), bytearray(content)
    for _ in range(1 + seed % 6):
        near = int(len(out) * rng.beta(0.3, 2.0))
        out[min(near if seed % 2 else len(out) - 1 - near, len(out) - 1)] ^= 1 << rng.integers(8)
    return bytes(out)


def _put(path: Path, content: bytes) -> Path:
    """Write a file; a JPEG, which is no stack by itself, as the slice of a folder."""
    if path.suffix == ".jpg":
        path.with_suffix("").mkdir()
        (path.with_suffix("") / "slice_0.jpg").write_bytes(content)
        return path.with_suffix("")
    path.write_bytes(content)
    return path


def _damaged(folder: Path) -> Iterator[Case]:
    whole, out = folder / "whole", folder / "damaged"
    whole.mkdir()
    out.mkdir()
    for path in whole_files(whole):
        content = path.read_bytes()
        ending = "".join(path.suffixes[-2:])
        yield f"whole {path.name}", _put(out / path.name, content)
        variants = {
            f"cut at {part}": _cut(content, part) for part in (0, 0.01, 0.1, 0.5, 0.9, 0.999)
        }
        variants |= {f"bits {seed}": _flipped(content, seed) for seed in range(10)}
        for what, damaged in variants.items():
            place = out / f"{path.name.partition('.')[0]}-{what.replace('.', '')}{ending}"
            yield f"{path.name}: {what}", _put(place, damaged)
    for path in whole_folders(whole):
        yield f"whole {path.name}", path
        files = sorted(each for each in path.rglob("*") if each.is_file())
        for number, file in enumerate(files[:6]):
            for what, change in {
                "cut": lambda c: _cut(c, 0.5),
                "bits": lambda c: _flipped(c, 7),
            }.items():
                place = out / f"{number}{what}-{path.name}"
                shutil.copytree(path, place)
                inside = place / file.relative_to(path)
                inside.write_bytes(change(file.read_bytes()))
                yield f"{path.name}: {file.relative_to(path)} {what}", place


# -- absurd -----------------------------------------------------------------------------------------


def _tiff(tags: dict[int, tuple[int, int, int]], *, next_ifd: int = 0, tail: bytes = b"") -> bytes:
    """A little-endian TIFF of one directory at byte 8; tags are (type, count, value)."""
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return (
        b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", next_ifd) + tail
    )


def _tags(**changes: int) -> dict[int, tuple[int, int, int]]:
    numbers = {
        "width": 256, "height": 257, "bits": 258, "compression": 259, "photometric": 262,
        "offsets": 273, "samples": 277, "rows": 278, "counts": 279, "format": 339,
        "tile_width": 322, "tile_height": 323, "tile_offsets": 324, "tile_counts": 325,
    }  # fmt: skip
    said = {
        "width": 32, "height": 24, "bits": 8, "compression": 1, "photometric": 1, "offsets": 8,
        "samples": 1, "rows": 24, "counts": 768,
    } | changes  # fmt: skip
    return {numbers[name]: (4, 1, value) for name, value in said.items()}


def _tiffs(folder: Path) -> Iterator[Case]:
    body = bytes(768)
    packed = zlib.compress(bytes(2**24), 9)
    cases = {
        "claims 2^31": _tiff(_tags(width=_HUGE, height=_HUGE, rows=_HUGE)),
        "claims 2^31 packed": _tiff(_tags(width=_HUGE, height=_HUGE, rows=_HUGE, compression=8, counts=8)),
        "claims 20000 packed": _tiff(_tags(width=20000, height=20000, rows=20000, compression=8, counts=8)),
        "claims tiles of 2^31": _tiff(
            _tags(tile_width=2**30, tile_height=2**30, tile_offsets=8, tile_counts=8, compression=8)
        ),
        "no width": _tiff(_tags(width=0), tail=body),
        "no bits": _tiff(_tags(bits=0), tail=body),
        "3 bits": _tiff(_tags(bits=3), tail=body),
        "12 bits": _tiff(_tags(bits=12, width=16), tail=body),
        "64 bits of float": _tiff(_tags(bits=64, format=3, width=4), tail=body),
        "bits of no float": _tiff(_tags(bits=8, format=3), tail=body),
        "complex": _tiff(_tags(bits=64, format=6, width=4), tail=body),
        "format unknown": _tiff(_tags(format=99), tail=body),
        "codec unknown": _tiff(_tags(compression=12345), tail=body),
        "codec of JPEG": _tiff(_tags(compression=7), tail=body),
        "65535 samples": _tiff(_tags(samples=65535), tail=body),
        "no rows": _tiff(_tags(rows=0), tail=body),
        "offset far": _tiff(_tags(offsets=2**32 - 1), tail=body),
        "count far": _tiff(_tags(counts=2**32 - 1), tail=body),
        "no counts": _tiff({k: v for k, v in _tags().items() if k != 279}, tail=body),
        "no tags": _tiff({}),
        "count of a tag 2^32": _tiff({**_tags(), 273: (4, 2**32 - 1, 8)}, tail=body),
        "type of a tag 77": _tiff({**_tags(), 256: (77, 1, 32)}, tail=body),
        "text as width": _tiff({**_tags(), 256: (2, 4, 0x41414141)}, tail=body),
        "cyclic": _tiff(_tags(), next_ifd=8, tail=body),
        "next far": _tiff(_tags(), next_ifd=2**32 - 2, tail=body),
        "next in the header": _tiff(_tags(), next_ifd=2, tail=body),
        "bomb": _tiff(
            _tags(width=4096, height=4096, rows=4096, compression=8, counts=len(packed), offsets=122),
            tail=packed,
        ),
        "bomb of more than it says": _tiff(_tags(compression=8, counts=len(packed), offsets=122), tail=packed),
        "head alone": b"II*\0\x08\0\0\0",
        "head that leads nowhere": b"II*\0\xff\xff\xff\xff",
        "BigTIFF alone": b"II+\0\x08\0\0\0" + struct.pack("<Q", 2**63 - 8),
        "BigTIFF of 2^60 tags": b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**60),
        "zeros": bytes(200),
        "text": b"this is no picture\n" * 9,
    }  # fmt: skip
    for name, content in cases.items():
        path = folder / f"{name.replace('^', '')}.tif"
        path.write_bytes(content)
        yield f"tif: {name}", path
    two = folder / "two in a circle.tif"
    tifffile.imwrite(two, _GREY)
    with tifffile.TiffFile(two) as tif:
        first, last = tif.pages[0].offset, len(tif.pages[0].tags)
        at = first + 2 + 12 * last
    content = bytearray(two.read_bytes())
    struct.pack_into("<I", content, at, first)
    two.write_bytes(bytes(content))
    yield "tif: page that follows itself", two
    about = '{"shape": [2147483648, 2147483648, 2147483648]}'
    tifffile.imwrite(folder / "shaped.tif", _GREY, description=about, metadata=None)
    yield "tif: description that claims", folder / "shaped.tif"
    text = "ImageJ=1.54f\nimages=2147483647\nslices=2147483647\n"
    tifffile.imwrite(folder / "imagej.tif", _GREY, description=text, metadata=None)
    yield "tif: ImageJ that claims", folder / "imagej.tif"
    xml = (
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + k)} "{f"&{chr(97 + k)};" * 10}">' for k in range(12))
        + ']><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image Name="&m;">'
        '<Pixels SizeX="32" SizeY="24" SizeZ="3" SizeC="1" SizeT="1" Type="uint8" '
        'DimensionOrder="XYZCT"/></Image></OME>'
    )
    elsewhere = (
        xml.replace("</Image>", "</Image>")
        .partition("]>")[2]
        .replace(
            'DimensionOrder="XYZCT"/>',
            'DimensionOrder="XYZCT"><TiffData><UUID FileName="/etc/passwd">urn:uuid:1</UUID></TiffData></Pixels>',
        )
        .replace("&m;", "x")
    )
    for name, text in (
        ("entities", xml),
        ("other file", elsewhere),
        ("broken XML", "<OME <"),
        ("claims", elsewhere.replace('"32"', f'"{_HUGE}"')),
    ):
        path = folder / f"{name}.ome.tif"
        tifffile.imwrite(path, _GREY, description=text.encode(), metadata=None)
        yield f"ome: {name}", path


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def _png(width: int, height: int, content: bytes, *, depth: int = 8, colour: int = 0) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + content + _chunk(b"IEND", b"")


def _pictures(folder: Path) -> Iterator[Case]:
    pixels = _chunk(b"IDAT", zlib.compress(bytes(33 * 24)))
    text = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**26), 9))
    cases = {
        "claims 2^31.png": _png(_HUGE - 1, _HUGE - 1, pixels),
        "claims 20000.png": _png(20000, 20000, pixels),
        "claims 12000.png": _png(12000, 12000, pixels),
        "0 wide.png": _png(0, 24, pixels),
        "depth 3.png": _png(32, 24, pixels, depth=3),
        "colour 9.png": _png(32, 24, pixels, colour=9),
        "palette without colours.png": _png(32, 24, pixels, colour=3),
        "no pixels.png": _png(32, 24, b""),
        "bomb in a text.png": _png(32, 24, text + pixels),
        "length of a chunk.png": _png(32, 24, struct.pack(">I", 2**32 - 1) + b"IDAT"),
        "GIF.png": b"GIF89a" + bytes(50),
        "PostScript.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "claims 65535.jpg": b"\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00"
        + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(20) + b"\xff\xd9",
        "TIFF.jpg": _tiff(_tags(), tail=bytes(768)),
        "empty.jpg": b"\xff\xd8\xff\xd9",
    }  # fmt: skip
    for name, content in cases.items():
        yield f"picture: {name}", _put(folder / name.replace("^", ""), content)
    for mode in ("RGB", "RGBA", "P", "1", "LA", "I;16"):
        Image.new(mode, (32, 24)).save(folder / f"{mode.replace(';', '')}.png")
        yield f"picture: {mode}", folder / f"{mode.replace(';', '')}.png"


def _npy_of(header: str, content: bytes = b"", version: bytes = b"\x01\0") -> bytes:
    text = header.encode()
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + content


def _npys(folder: Path) -> Iterator[Case]:
    def said(descr: str, shape: str) -> str:
        return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n"

    objects = folder / "objects.npy"
    np.save(objects, np.array([[{}, 1]], object), allow_pickle=True)
    cases = {
        "claims 2^31": _npy_of(said("'|u1'", f"({_HUGE}, {_HUGE})")),
        "claims 2^28": _npy_of(said("'|u1'", f"(1, {2**14}, {2**14})")),
        "negative": _npy_of(said("'|u1'", "(-3, 24, 32)"), _GREY.tobytes()),
        "overflow": _npy_of(said("'<f8'", f"({2**62}, 4, 4)")),
        "text as shape": _npy_of(said("'|u1'", "'abc'")),
        "code as header": _npy_of("__import__('os').system('true')\n"),
        "deep header": _npy_of("(" * 9000),
        "text": _npy_of(said("'<U5'", "(2, 24, 32)"), bytes(2 * 24 * 32 * 20)),
        "void": _npy_of(said("'|V9'", "(2, 24, 32)"), bytes(2 * 24 * 32 * 9)),
        "fields": _npy_of(said("[('a', '<i4')]", "(2, 24, 32)"), bytes(2 * 24 * 32 * 4)),
        "dates": _npy_of(said("'<M8[s]'", "(2, 24, 32)"), bytes(2 * 24 * 32 * 8)),
        "complex": _npy_of(said("'<c8'", "(2, 24, 32)"), bytes(2 * 24 * 32 * 8)),
        "version 9": _npy_of(said("'|u1'", "(3, 24, 32)"), _GREY.tobytes(), b"\x09\0"),
        "pickle": pickle.dumps(_GREY),
        "zip": b"PK\x03\x04" + bytes(60),
    }
    for name, content in cases.items():
        path = folder / f"{name.replace('^', '')}.npy"
        path.write_bytes(content)
        yield f"npy: {name}", path
    yield "npy: objects", objects
    with (folder / "several.npy").open("wb") as file:
        np.savez(file, a=_GREY, b=_GREY)
    yield "npy: several", folder / "several.npy"


def _hdf5s(folder: Path) -> Iterator[Case]:
    other = folder / "other.h5"
    with h5py.File(other, "w") as file:
        file["x"] = _GREY

    def external(file: Any) -> None:
        file["raw"] = h5py.ExternalLink(str(other), "/x")

    def bomb(file: Any) -> None:
        file.create_dataset(
            "raw", (200, 1024, 1024), "u1", chunks=(1, 1024, 1024), compression="gzip"
        )[0] = 1

    def bomb_of_a_chunk(file: Any) -> None:
        data = file.create_dataset("raw", (3, 24, 32), "u1", chunks=(1, 24, 32), compression="gzip")
        data.id.write_direct_chunk((0, 0, 0), zlib.compress(bytes(2**27)))

    def virtual(file: Any) -> None:
        layout = h5py.VirtualLayout((5, 24, 32), "u1")
        layout[:] = h5py.VirtualSource(str(other), "x", (5, 24, 32))
        file.create_virtual_dataset("raw", layout)

    def loop(file: Any) -> None:
        file["a/b"] = h5py.SoftLink("/a")
        file["a/c"] = file["a"]

    def deep(file: Any) -> None:
        group = file
        for _ in range(300):
            group = group.create_group("a")
        group["raw"] = _GREY

    def filtered(file: Any) -> None:
        create = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        create.set_chunk((3, 24, 32))
        create.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
        space = h5py.h5s.create_simple((3, 24, 32))
        h5py.h5d.create(file.id, b"raw", h5py.h5t.NATIVE_UINT8, space, create)

    def attributes(file: Any) -> None:
        data = file.create_dataset("raw", data=_GREY)
        data.attrs["resolution"] = np.array(["a", "b", "c"], dtype=h5py.string_dtype())
        data.attrs["axistags"] = "{[}"
        data.attrs["napari_emseg_edits"] = "[" * 5000

    def sizes(file: Any) -> None:
        file.create_dataset("raw", data=_GREY).attrs["resolution"] = (np.nan, -1.0, np.inf)

    def claims(file: Any) -> None:
        file.create_dataset("raw", (_HUGE, _HUGE, _HUGE), "u1", chunks=(1, 64, 64))

    def claims_wide(file: Any) -> None:
        file.create_dataset("raw", (1, _HUGE, _HUGE), "u1", chunks=(1, 1024, 1024))

    def of(**how: Any) -> Callable[[Any], None]:
        return lambda file: file.create_dataset("raw", **how)

    cases: dict[str, Callable[[Any], object]] = {
        "external link": external, "bomb": bomb, "bomb of a chunk": bomb_of_a_chunk, "virtual": virtual, "loop": loop, "deep": deep,
        "filter unknown": filtered, "attributes": attributes, "sizes": sizes, "claims": claims,
        "claims wide": claims_wide, "nothing": lambda _: None,
        "external": of(shape=(3, 24, 32), dtype="u1", external=[("/etc/passwd", 0, 2304)]),
        "text": of(data=[["a", "b"]], dtype=h5py.string_dtype()),
        "complex": of(data=_GREY.astype(complex)), "big-endian": of(data=_GREY.astype(">u2")),
        "0 slices": of(shape=(0, 24, 32), dtype="u1"), "number": of(data=3),
        "six axes": of(data=_GREY[None, None, None]),
        "soft link to nowhere": lambda file: file.update({"raw": h5py.SoftLink("/no")}),
        "many": lambda file: [file.create_dataset(f"{k}", data=_GREY) for k in range(50)],
    }  # fmt: skip
    for name, change in cases.items():
        path = folder / f"{name}.h5"
        with h5py.File(path, "w") as file:
            change(file)
        yield f"h5: {name}", path


def _others(folder: Path) -> Iterator[Case]:
    for name, how in {
        "claims 2^31": {"nx": _HUGE - 1, "ny": _HUGE - 1, "nz": _HUGE - 1},
        "negative": {"nx": -32},
        "0 wide": {"nx": 0},
        "complex": {"mode": 4},
        "mode 99": {"mode": 99},
        "more slices than there are": {"nz": 6},
        "fewer slices than there are": {"nz": 4},
    }.items():
        yield f"mrc: {name}", _mrc(folder / f"{name.replace('^', '')}.mrc", **how)
    content = bytearray(_mrc(folder / "long header.mrc").read_bytes())
    content[92:96] = struct.pack("<i", _HUGE - 1)
    (folder / "long header.mrc").write_bytes(content)
    yield "mrc: extended header of 2^31", folder / "long header.mrc"
    from write_dm import write_dm

    for version in (3, 4):
        path = write_dm(folder / f"claims.dm{version}", _GREY, (50.0, 4.0, 4.0), "nm", version)
        small = struct.pack("<i", 32)
        path.write_bytes(path.read_bytes().replace(small, struct.pack("<i", 2**31 - 1)))
        yield f"dm: claims, version {version}", path


def _zarrs(folder: Path) -> Iterator[Case]:
    array = {
        "zarr_format": 2, "shape": [3, 24, 32], "chunks": [1, 24, 32], "dtype": "|u1",
        "compressor": None, "fill_value": 0, "order": "C", "filters": None,
    }  # fmt: skip
    arrays: dict[str, dict[str, Any]] = {
        "missing chunks": {}, "claims 2^31": {"shape": [1, _HUGE, _HUGE]},
        "claims 2^31 slices": {"shape": [_HUGE, 24, 32]},
        "chunks of 2^31": {"chunks": [1, _HUGE, _HUGE]},
        "no chunks": {"chunks": [0, 0, 0]}, "negative": {"shape": [-3, 24, 32]},
        "text as shape": {"shape": "abc"}, "no shape": {"shape": None},
        "objects": {"dtype": "|O", "filters": [{"id": "pickle"}]},
        "codec unknown": {"compressor": {"id": "evil"}},
        "codec of packages": {"compressor": {"id": "imagecodecs_jpegxl"}},
        "pickle": {"filters": [{"id": "pickle"}]}, "dtype unknown": {"dtype": "<x9"},
        "complex": {"dtype": "<c8"}, "dates": {"dtype": "<M8[s]"}, "big-endian": {"dtype": ">u2"},
        "NaN": {"dtype": "<f4", "fill_value": "NaN"}, "infinite": {"dtype": "<f4", "fill_value": "Infinity"},
        "fill of text": {"fill_value": "abc"}, "format 9": {"zarr_format": 9},
        "separator": {"dimension_separator": "/../"}, "1 axis": {"shape": [9], "chunks": [9]},
        "7 axes": {"shape": [1] * 4 + [3, 24, 32], "chunks": [1] * 7},
        "0 slices": {"shape": [0, 24, 32]},
    }  # fmt: skip
    for name, changes in arrays.items():
        place = folder / f"{name.replace('^', '')}.zarr"
        place.mkdir()
        (place / ".zarray").write_text(json.dumps(array | changes))
        yield f"zarr: {name}", place
    for name, content in {"bomb": gzip.compress(bytes(2**27)), "garbage": b"garbage"}.items():
        place = folder / f"{name}.zarr"
        place.mkdir()
        (place / ".zarray").write_text(
            json.dumps(array | {"compressor": {"id": "gzip", "level": 1}})
        )
        for z in range(3):
            (place / f"{z}.0.0").write_bytes(content)
        yield f"zarr: {name}", place
    image = {"axes": list("zyx"), "datasets": [{"path": "0"}]}
    for name, changes in {
        "path ..": {"datasets": [{"path": "../../../other"}]},
        "absolute path": {"datasets": [{"path": "/etc"}]},
        "empty path": {"datasets": [{"path": ""}]},
        "no data sets": {"datasets": []}, "data sets of text": {"datasets": "abc"},
        "axes unknown": {"axes": ["q", "r", "s"]}, "too many axes": {"axes": list("tczyx")},
        "axes of numbers": {"axes": [1, 2, 3]},
        "scale of text": {"datasets": [{"path": "0", "coordinateTransformations": [{"scale": ["a"] * 3}]}]},
        "scale too long": {"datasets": [{"path": "0", "coordinateTransformations": [{"scale": [1.0] * 9}]}]},
        "transformations of text": {"coordinateTransformations": "abc"},
    }.items():  # fmt: skip
        place = folder / f"ome {name}.zarr"
        (place / "0").mkdir(parents=True)
        (place / ".zgroup").write_text('{"zarr_format": 2}')
        (place / ".zattrs").write_text(json.dumps({"multiscales": [image | changes]}))
        (place / "0" / ".zarray").write_text(json.dumps(array))
        yield f"ome-zarr: {name}", place
    for name, text in {
        "deep": "[" * 20000, "list": "[]", "empty": "", "NUL": "\0\0",
        "labels of numbers": '{"labels": [1, {"a": 2}]}', "plate of text": '{"plate": "abc"}',
        "labels ..": '{"labels": ["../../outside"]}', "layout": '{"bioformats2raw.layout": 3}',
    }.items():  # fmt: skip
        place = folder / f"attributes {name}.zarr"
        place.mkdir()
        (place / ".zgroup").write_text('{"zarr_format": 2}')
        (place / ".zattrs").write_text(text)
        yield f"zarr attributes: {name}", place
    loop = folder / "loop.zarr"
    loop.mkdir()
    (loop / ".zgroup").write_text('{"zarr_format": 2}')
    (loop / "a").symlink_to(loop)
    yield "zarr: link to itself", loop
    for name, about in {
        "claims": {"dimensions": [_HUGE, _HUGE, _HUGE]}, "negative": {"dimensions": [-1, 2, 3]},
        "block of 2^31": {"blockSize": [_HUGE, _HUGE, 1]}, "codec": {"compression": {"type": "evil"}},
        "dtype": {"dataType": "object"}, "axes": {"axes": [1, None, {}]},
        "resolution": {"resolution": ["a", None, {}]},
    }.items():  # fmt: skip
        place = folder / f"{name.replace('^', '')}.n5"
        place.mkdir()
        said = {
            "dimensions": [32, 24, 3], "blockSize": [32, 24, 1], "dataType": "uint8",
            "compression": {"type": "raw"},
        } | about  # fmt: skip
        (place / "attributes.json").write_text(json.dumps(said))
        yield f"n5: {name}", place


# -- rare -------------------------------------------------------------------------------------------


def _folders(folder: Path) -> Iterator[Case]:
    def slices(name: str, count: int) -> Path:
        place = folder / name
        place.mkdir()
        one = folder / "one.png"
        Image.fromarray(_GREY[0]).save(one)
        for z in range(count):
            os.link(one, place / f"slice_{z:04d}.png")
        return place

    place = slices("thousand", 1000)
    (place / "slice_0500.png").unlink()
    (place / "slice_0500.png").write_bytes((folder / "one.png").read_bytes()[:200])
    yield "folder: thousand, one corrupt", place
    yield "folder: empty", slices("empty", 0)
    place = slices("of another size", 3)
    Image.fromarray(_GREY[0][:9]).save(place / "slice_0003.png")
    yield "folder: of another size", place
    place = slices("gap", 3)
    (place / "slice_0001.png").unlink()
    yield "folder: gap", place
    place = slices("Größe 细胞 \N{DNA DOUBLE HELIX}", 2)
    yield "folder: Unicode", place
    place = slices("names", 2)
    (place / "slice_0001.png").rename(place / "<script>alert(1)</script>.png".replace("/", "_"))
    yield "folder: names of tags", place
    place = slices("dangling", 2)
    (place / "slice_0002.png").symlink_to(place / "nowhere.png")
    yield "folder: dangling link", place
    place = slices("loop", 2)
    (place / "slice_0002.png").symlink_to("slice_0002.png")
    yield "folder: link to itself", place
    place = slices("up", 2)
    (place / "up").symlink_to(place)
    yield "folder: link to its own folder", place
    place = slices("pipe", 2)
    os.mkfifo(place / "slice_0002.png")
    yield "folder: pipe", place
    os.mkfifo(folder / "pipe.tif")
    yield "a pipe", folder / "pipe.tif"
    (folder / "loop.tif").symlink_to("loop.tif")
    yield "a link to itself", folder / "loop.tif"
    yield "nothing there", folder / "missing.tif"
    yield "a long name", folder / f"{'a' * 300}.tif"
    yield "a name with NUL", folder / "a\0b.tif"
    (folder / "é\u0301 细胞.npy").write_bytes(_npy_of("{}\n"))
    yield "a name in Unicode", folder / "é\u0301 细胞.npy"


def _values(folder: Path) -> Iterator[Case]:
    arrays = {
        "NaN": np.full((2, 24, 32), np.nan, np.float32),
        "infinite": np.full((2, 24, 32), np.inf, np.float32),
        "some NaN": np.where(_GREY > 200, np.nan, _GREY).astype(np.float32),
        "largest": np.full((2, 24, 32), np.finfo(np.float64).max),
        "all equal": np.full((3, 24, 32), 77, np.uint8),
        "one equal": np.where(np.arange(5)[:, None, None] == 1, 5, _GREY).astype(np.uint8),
        "1 x 1": _GREY[:1, :1, :1], "1 x N": _GREY[:, :1], "N x 1": _GREY[:, :, :1],
        "odd": _GREY[:, :23, :31], "flat": _GREY[0], "line": _GREY[0, 0],
        "wide": np.zeros((1, 1, 2**20), np.uint8), "many": np.zeros((5000, 2, 2), np.uint8),
        "12 bits": _GREY.astype(np.uint16) * 16, "big-endian": _GREY.astype(">u2"),
        "big-endian float": _GREY.astype(">f8"), "signed": _GREY.astype(np.int8),
        "half": _GREY.astype(np.float16), "long double": _GREY.astype(np.longdouble),
        "64 bits": _GREY.astype(np.uint64) << 50, "bool": _GREY > 99, "Fortran": np.asfortranarray(_GREY),
        "no slices": _GREY[:0], "4 axes": _GREY[None], "6 axes": _GREY[None, None, None],
        "negative labels": -_GREY.astype(np.int32),
    }  # fmt: skip
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
        yield f"values: {name}", folder / f"{name}.npy"
