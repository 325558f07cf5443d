"""Chunks of a zarr whose maker may be a stranger: unpacked no further than a chunk can be large.

What zarr unpacks them with makes room for whatever a chunk says, or holds; and Blosc reads on in
memory where a chunk is cut off.
"""

from __future__ import annotations

import asyncio
import bz2
import lzma
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import imagecodecs
import numcodecs.abc
import zarr
from zarr.abc.codec import BytesBytesCodec, Codec
from zarr.codecs import ShardingCodec

_SPARE_BYTES = 2**20
"""For what is packed besides the pixels."""
_BLOSC_HEADER = 16


def guarded(array: zarr.Array[Any]) -> zarr.Array[Any]:
    """The same array to be read from; a chunk that is cut off, or unpacks to more, is refused."""
    metadata: Any = array.metadata
    if metadata.zarr_format == 2:
        if metadata.compressor is None:
            return array
        most = _most(metadata.chunks, metadata.dtype.to_native_dtype())
        changed = replace(metadata, compressor=_GuardedNumcodec(metadata.compressor, most))
    else:
        changed = replace(metadata, codecs=tuple(map(_guarded, metadata.codecs)))
    return zarr.Array(zarr.AsyncArray(changed, array.store_path))


def _guarded(codec: Codec) -> Codec:
    if isinstance(codec, ShardingCodec):
        return replace(codec, codecs=tuple(map(_guarded, codec.codecs)))
    if isinstance(codec, BytesBytesCodec) and _name(codec.to_dict()) in _UNPACK:
        return _GuardedCodec(codec)
    return codec


def _most(chunk: tuple[int, ...], dtype: Any) -> int:
    return 2 * math.prod(chunk) * int(dtype.itemsize) + _SPARE_BYTES


def _name(about: Any) -> str:
    return str(about["name"]).removeprefix("numcodecs.")


class _GuardedNumcodec(numcodecs.abc.Codec):  # type: ignore[misc]  # it has no types
    """What packs the chunks of a zarr 2."""

    codec_id = "guarded"

    def __init__(self, inner: Any, most: int) -> None:
        self._inner, self._most = inner, most

    def encode(self, buf: Any) -> Any:
        return self._inner.encode(buf)

    def decode(self, buf: Any, out: Any = None) -> Any:
        found = _unpacked(self._inner.codec_id, buf, self._most)
        return self._inner.decode(buf, out) if found is None else found

    def get_config(self) -> Any:
        return self._inner.get_config()


@dataclass(frozen=True)
class _GuardedCodec(BytesBytesCodec):
    """What packs the chunks of a zarr 3."""

    inner: BytesBytesCodec
    is_fixed_size = False

    def to_dict(self) -> Any:
        return self.inner.to_dict()

    def compute_encoded_size(self, input_byte_length: int, chunk_spec: Any) -> int:
        return self.inner.compute_encoded_size(input_byte_length, chunk_spec)

    async def _decode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
        most = _most(chunk_spec.shape, chunk_spec.dtype.to_native_dtype())
        name = _name(self.inner.to_dict())
        found = await asyncio.to_thread(_unpacked, name, chunk_data.as_numpy_array(), most)
        if found is not None:
            return chunk_spec.prototype.buffer.from_bytes(found)
        return await self.inner._decode_single(chunk_data, chunk_spec)

    async def _encode_single(self, chunk_data: Any, chunk_spec: Any) -> Any:
        return await self.inner._encode_single(chunk_data, chunk_spec)


# -- what is packed by what ------------------------------------------------------------------------


def _unpacked(name: str, packed: Any, most: int) -> bytes | None:
    """A chunk unpacked; None where nothing speaks against leaving that to zarr.

    Raises
    ------
    ValueError
        If it is cut off, or unpacks to more than ``most`` bytes.
    """
    unpack = _UNPACK.get(name)
    return None if unpack is None else unpack(memoryview(packed).cast("B"), most)


def _blosc(packed: memoryview, most: int) -> None:
    unpacked, length = (int.from_bytes(packed[at : at + 4], "little") for at in (4, 12))
    if len(packed) < _BLOSC_HEADER or length > len(packed):
        raise ValueError(f"a chunk has {len(packed)} bytes, and should have {length}")
    _require(unpacked, most)


def _lz4(packed: memoryview, most: int) -> None:
    _require(int.from_bytes(packed[:4], "little"), most)


def _zstd(packed: memoryview, most: int) -> bytes:
    try:
        return bytes(imagecodecs.zstd_decode(bytes(packed), out=most))
    except imagecodecs.ZstdError as error:
        raise ValueError(f"a chunk is damaged, or unpacks to more than {most} bytes") from error


def _in_steps(begin: Callable[[], Any]) -> Callable[[memoryview, int], bytes]:
    """By what Python's own modules unpack, one piece after another."""

    def unpack(packed: memoryview, most: int) -> bytes:
        out, rest = b"", bytes(packed)
        while rest:
            step = begin()
            out += step.decompress(rest, most + 1 - len(out))
            _require(len(out), most)
            if not step.eof:
                raise ValueError(f"a chunk of {len(packed)} bytes is cut off")
            rest = step.unused_data
        return out

    return unpack


def _require(unpacked: int, most: int) -> None:
    if unpacked > most:
        raise ValueError(f"a chunk unpacks to more than {most} bytes")


_GZIP_OR_ZLIB = 47
"""What zlib calls it to find out by itself which of the two it is."""

_UNPACK: dict[str, Callable[[memoryview, int], bytes | None]] = {
    "blosc": _blosc,
    "bz2": _in_steps(bz2.BZ2Decompressor),
    "gzip": _in_steps(lambda: zlib.decompressobj(_GZIP_OR_ZLIB)),
    "lz4": _lz4,
    "lzma": _in_steps(lzma.LZMADecompressor),
    "zlib": _in_steps(lambda: zlib.decompressobj(_GZIP_OR_ZLIB)),
    "zstd": _zstd,
}
