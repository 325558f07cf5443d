"""A writer of the smallest DM3 and DM4 files that Gatan's readers take; nobody else has one."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {
    "int16": (2, 1), "int32": (3, 7), "uint16": (4, 10), "uint32": (5, 11), "float32": (6, 2),
    "float64": (7, 12), "int8": (9, 9), "uint8": (10, 6),
}  # fmt: skip
"""Type in a tag, and ``DataType`` of a picture."""


class _Writer:
    def __init__(self, version: int) -> None:
        self.version, self.count = version, ">i" if version == 3 else ">q"

    def number(self, value: int) -> bytes:
        return struct.pack(self.count, value)

    def group(self, tags: dict[str, Any]) -> bytes:
        return struct.pack(">bb", 1, 0) + self.number(len(tags)) + b"".join(
            self.tag("" if name.startswith("#") else name, value) for name, value in tags.items()
        )  # fmt: skip

    def tag(self, name: str, value: Any) -> bytes:
        content = self.group(value) if isinstance(value, dict) else self.data(value)
        head = struct.pack(">bH", 20 if isinstance(value, dict) else 21, len(name)) + name.encode()
        size = b"" if self.version == 3 else struct.pack(">q", len(content))
        return head + size + content

    def data(self, value: Any) -> bytes:
        if isinstance(value, str):
            value = np.frombuffer(value.encode("utf-16-le"), np.uint16)
        if isinstance(value, np.ndarray):
            kind = _TYPES[value.dtype.name][0]
            return self.described([20, kind, value.size], value.tobytes())
        if isinstance(value, float):
            return self.described([6], struct.pack("<f", value))
        return self.described([3], struct.pack("<i", value))

    def described(self, about: list[int], content: bytes) -> bytes:
        return b"%%%%" + b"".join(map(self.number, [len(about), *about])) + content


def write_dm(
    path: Path, data: np.ndarray, scales: tuple[float, ...], unit: str, version: int = 3
) -> Path:
    """Write a picture or a stack with the scale of each axis, the slowest first."""
    writer = _Writer(version)
    backwards = data.shape[::-1]
    calibrations = {
        f"#{i}": {"Origin": 0.0, "Scale": float(scale), "Units": unit}
        for i, scale in enumerate(scales[::-1])
    }
    brightness = {"Origin": 0.0, "Scale": 1.0, "Units": ""}
    picture = {
        "ImageData": {
            "Calibrations": {"Brightness": brightness, "Dimension": calibrations},
            "Data": data.ravel(),
            "DataType": _TYPES[data.dtype.name][1],
            "Dimensions": {f"#{i}": length for i, length in enumerate(backwards)},
            "PixelDepth": data.dtype.itemsize,
        },
        "ImageTags": {"Meta Data": {"Format": "Image"}},
        "Name": "picture",
        "UniqueID": {"#0": 1},
    }
    root = writer.group({"ImageList": {"#0": picture}, "InImageMode": 1}) + b"\0" * 8
    path.write_bytes(
        struct.pack(">i", version) + writer.number(len(root)) + struct.pack(">i", 1) + root
    )
    return path
