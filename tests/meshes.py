"""What tests in several rooms ask of a mesh, and how they read its files."""

from __future__ import annotations

import struct

import numpy as np


def assert_closed(faces):
    """Each edge is one of exactly two triangles, which run along it in opposite directions."""
    ends = np.stack([faces.ravel(), np.roll(faces, -1, axis=1).ravel()], axis=1)
    _, directed = np.unique(ends, axis=0, return_counts=True)
    _, times = np.unique(np.sort(ends, axis=1), axis=0, return_counts=True)
    assert set(directed.tolist()) == {1}
    assert set(times.tolist()) == {2}


def euler(vertices, faces):
    """2 for each body, less 2 for each hole through it."""
    return len(vertices) - len(faces) * 3 // 2 + len(faces)


def volume(vertices, faces):
    first, second, third = vertices[faces].astype(np.float64).transpose(1, 0, 2)
    return np.einsum("ij,ij->", first, np.cross(second, third)) / 6


def read_ply(path):
    header, _, body = path.read_bytes().partition(b"end_header\n")
    lines = header.decode().splitlines()
    count = {words[1]: int(words[2]) for line in lines if (words := line.split())[0] == "element"}
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    vertices = np.frombuffer(body, "<f4", 3 * count["vertex"]).reshape(-1, 3)
    faces = np.frombuffer(
        body, [("n", "u1"), ("of", "<i4", 3)], count["face"], offset=vertices.nbytes
    )
    assert len(body) == vertices.nbytes + faces.nbytes
    assert (faces["n"] == 3).all()
    return vertices, faces["of"]


def read_obj(path):
    lines = [line.split() for line in path.read_text().splitlines()]
    vertices = np.array([line[1:] for line in lines if line[0] == "v"], float)
    return vertices, np.array([line[1:] for line in lines if line[0] == "f"], int) - 1


def read_stl(path):
    """Corners that are at one place are one vertex; and the normals that are written."""
    data = path.read_bytes()
    assert not data.startswith(b"solid")
    (count,) = struct.unpack("<I", data[80:84])
    form = [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")]
    triangles = np.frombuffer(data, form, offset=84)
    assert len(triangles) == count
    vertices, faces = np.unique(triangles["corners"].reshape(-1, 3), axis=0, return_inverse=True)
    return vertices, faces.reshape(-1, 3), triangles["normal"]
