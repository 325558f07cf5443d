"""A closed surface of triangles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Surface:
    """A closed surface of triangles; each edge is one of exactly two, which run along it both ways.

    Parameters
    ----------
    vertices : (N, 3) float32 array
        Places (x, y, z), as files of surfaces have them and not as arrays, from the middle of the
        first voxel of the stack; in nm where the voxel size is known, else in px.
    faces : (M, 3) int32 array
        Three vertices each, counter-clockwise as seen from outside.
    """

    vertices: npt.NDArray[np.float32]
    faces: npt.NDArray[np.int32]

    @property
    def volume(self) -> float:
        """What it encloses, in cubed units of the vertices; negative were it inside out."""
        # about the centre: far from it sums of large numbers would lose digits
        corners = self._corners() - self.vertices.mean(axis=0, dtype=np.float64)
        first, second, third = corners.transpose(1, 0, 2)
        return float(np.einsum("ij,ij->", first, np.cross(second, third))) / 6

    @property
    def area(self) -> float:
        """Of all its triangles, in squared units of the vertices."""
        return float(np.linalg.norm(self.face_normals(), axis=1).sum()) / 2

    def face_normals(self) -> npt.NDArray[np.float64]:
        """Outward normals (M, 3) of the triangles, each twice as long as its area is large."""
        corners = self._corners()
        normals: npt.NDArray[np.float64] = np.cross(
            corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        )
        return normals

    def _corners(self) -> npt.NDArray[np.float64]:
        return self.vertices.astype(np.float64)[self.faces]
