"""A chunk that is cut off, or unpacks to far more than a chunk has, is refused."""

from __future__ import annotations

import tracemalloc

import numcodecs
import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec
from zarr.codecs import numcodecs as as_codecs

from napari_emseg.errors import ReadError
from napari_emseg.io.read import read_stack

CODECS = {
    "blosc": (numcodecs.Blosc(), BloscCodec),
    "blosc of noise": (numcodecs.Blosc(clevel=0), lambda: BloscCodec(clevel=0)),
    "bz2": (numcodecs.BZ2(), as_codecs.BZ2),
    "gzip": (numcodecs.GZip(), GzipCodec),
    "lz4": (numcodecs.LZ4(), as_codecs.LZ4),
    "lzma": (numcodecs.LZMA(), as_codecs.LZMA),
    "zlib": (numcodecs.Zlib(), as_codecs.Zlib),
    "zstd": (numcodecs.Zstd(), ZstdCodec),
}
pytestmark = [
    pytest.mark.parametrize("name", CODECS),
    pytest.mark.parametrize("version", [2, 3]),
    pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3"),
]


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 4000, (3, 24, 32), dtype=np.uint16)


def written(path, pixels, name, version, shards=None):
    zarr.create_array(
        str(path), data=pixels, chunks=(1, 16, 16), shards=shards, zarr_format=version,
        compressors=CODECS[name][0] if version == 2 else CODECS[name][1](),
    )  # fmt: skip
    return path


def a_chunk(path, version):
    return path / ("0.0.0" if version == 2 else "c/0/0/0")


def test_what_was_packed_is_read(tmp_path, pixels, name, version):
    path = written(tmp_path / "a.zarr", pixels, name, version)
    np.testing.assert_array_equal(np.asarray(read_stack(path).data), pixels)
    if version == 3:
        path = written(tmp_path / "b.zarr", pixels, name, version, shards=(1, 32, 32))
        np.testing.assert_array_equal(np.asarray(read_stack(path).data), pixels)


@pytest.mark.parametrize("part", [0.0, 0.02, 0.5, 0.98])
def test_a_chunk_that_is_cut_off(tmp_path, pixels, name, version, part):
    """Of Blosc the rest was whatever lay behind it in memory."""
    path = written(tmp_path / "a.zarr", pixels, name, version)
    content = a_chunk(path, version).read_bytes()
    a_chunk(path, version).write_bytes(content[: int(part * len(content))])
    with pytest.raises(ReadError, match="truncated or damaged"):
        read_stack(path).slice(0)


def test_a_chunk_that_is_a_bomb(tmp_path, pixels, name, version):
    path = written(tmp_path / "a.zarr", pixels, name, version)
    bomb = CODECS[name][0].encode(np.zeros(2**26, np.uint8))
    if name == "blosc of noise":
        bomb = bomb[:16]
    a_chunk(path, version).write_bytes(bomb)
    tracemalloc.start()
    try:
        with pytest.raises(ReadError, match="truncated or damaged"):
            read_stack(path).slice(0)
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()
