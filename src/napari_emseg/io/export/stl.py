"""STL: surfaces in binary, as programs for printing and simulation read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_FACE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def write_stl(
    path: Path, vertices: npt.NDArray[Any], faces: npt.NDArray[Any], *, about: str
) -> None:
    """Write a surface; parameters as `ply.write_ply`."""
    triangles = np.zeros(len(faces), _FACE)
    triangles["corners"] = vertices[faces]
    triangles["normal"] = _normals(vertices.astype(np.float64)[faces])
    with path.open("wb") as file:
        # one that began with "solid" would be taken for text
        file.write(about.encode("ascii")[:80].ljust(80))
        file.write(np.uint32(len(faces)).astype("<u4").tobytes())
        file.write(triangles.data)


def _normals(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Of length 1, or 0 where a triangle has no area."""
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(across, axis=1, keepdims=True)
    normals: npt.NDArray[np.float64] = across / np.where(length == 0, 1, length)
    return normals
