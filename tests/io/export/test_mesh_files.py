"""PLY, STL and OBJ, read back."""

from __future__ import annotations

import numpy as np
import pytest

from meshes import assert_closed, read_obj, read_ply, read_stl, volume
from napari_emseg.core.surfaces.surfaces import surface_of_cell
from napari_emseg.io.export.obj import write_obj
from napari_emseg.io.export.ply import write_ply
from napari_emseg.io.export.stl import write_stl


@pytest.fixture(scope="module")
def surface():
    cells = np.zeros((8, 12, 16), int)
    cells[1:7, 2:9, 3:12] = 1
    return surface_of_cell(cells, 1, voxel_size_nm=(50, 10, 10))


@pytest.mark.parametrize(("write", "read"), [(write_ply, read_ply), (write_obj, read_obj)])
def test_vertices_and_faces_come_back(write, read, surface, tmp_path):
    write(tmp_path / "file", surface.vertices, surface.faces, about="cell 1")
    vertices, faces = read(tmp_path / "file")
    np.testing.assert_allclose(vertices, surface.vertices, atol=6e-4)
    np.testing.assert_array_equal(faces, surface.faces)
    assert b"cell 1" in (tmp_path / "file").read_bytes()[:200]


def test_the_triangles_of_stl_come_back(surface, tmp_path):
    write_stl(tmp_path / "file", surface.vertices, surface.faces, about="cell 1")
    vertices, faces, normals = read_stl(tmp_path / "file")
    assert_closed(faces)
    assert volume(vertices, faces) == pytest.approx(surface.volume, rel=1e-5)
    outward = surface.face_normals() / np.linalg.norm(surface.face_normals(), axis=1)[:, None]
    np.testing.assert_allclose(normals, outward, atol=1e-5)


def test_a_triangle_without_area_has_no_normal(tmp_path):
    write_stl(tmp_path / "file", np.ones((3, 3)), np.array([[0, 1, 2]]), about="")
    assert read_stl(tmp_path / "file")[2].tolist() == [[0, 0, 0]]
