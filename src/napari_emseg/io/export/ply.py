"""PLY: surfaces in binary, as MeshLab, Blender and CloudCompare read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_FACE = np.dtype([("count", "u1"), ("vertices", "<i4", 3)])


def write_ply(
    path: Path, vertices: npt.NDArray[Any], faces: npt.NDArray[Any], *, about: str
) -> None:
    """Write a surface.

    Parameters
    ----------
    path : Path
        A file that is made, or replaced.
    vertices : (N, 3) array
        Places (x, y, z).
    faces : (M, 3) integer array
        Vertices of each triangle, counted from 0, counter-clockwise as seen from outside.
    about : str
        A line that is kept as a comment.
    """
    header = [
        "ply", "format binary_little_endian 1.0", f"comment {about}",
        f"element vertex {len(vertices)}", *(f"property float {axis}" for axis in "xyz"),
        f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", "",
    ]  # fmt: skip
    triangles = np.empty(len(faces), _FACE)
    triangles["count"], triangles["vertices"] = 3, faces
    with path.open("wb") as file:
        file.write("\n".join(header).encode("ascii"))
        file.write(np.ascontiguousarray(vertices, "<f4").data)
        file.write(triangles.data)
