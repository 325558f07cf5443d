"""``napari-emseg export``: files, options, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import napari_emseg as em
from meshes import assert_closed, read_ply
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status


def run(*args):
    return exit_status(cli, [str(each) for each in args])


@pytest.fixture
def file(tmp_path):
    cells = np.zeros((8, 30, 40), np.uint16)
    cells[1:7, 2:28, 2:18], cells[1:7, 2:28, 20:38], cells[0, 0, 0] = 4, 9, 3
    em.write_stack(tmp_path / "cells.tif", em.Stack(cells, (50.0, 10.0, 10.0)))
    return tmp_path / "cells.tif"


def test_surfaces_of_some_cells(file, capsys):
    out = file.with_name("out")
    assert run("export", file, "--out", out, "--ids", "9,4", "--smooth", 0) == 0
    assert capsys.readouterr().out == f"{out}: 2 cells as ply\n"
    vertices, faces = read_ply(out / "cell_9.ply")
    assert_closed(faces)
    np.testing.assert_allclose(vertices.max(0)[:2], [375, 275], atol=0.1)


def test_small_cells_are_left_out_and_that_is_said(file, capsys):
    assert run("export", file, "--out", file.with_name("out"), "--least-voxels", 2) == 0
    assert "Cells of fewer than 2 voxels that are left out: 1." in capsys.readouterr().err


def test_other_forms(file):
    assert run("export", file, "--out", file.with_name("a.zip"), "--form", "roi") == 0
    assert run("export", file, "--out", file.with_name("b"), "--form", "precomputed") == 0


def test_refusals(file, capsys):
    out = file.with_name("out")
    assert run("export", file, "--out", out) == 0
    assert run("export", file, "--out", out) == 1
    assert "(--overwrite)" in capsys.readouterr().err
    assert run("export", file, "--out", out, "--overwrite") == 0
    assert run("export", file, "--out", out, "--ids", "4,x") == 2
    assert "such as 3,7" in capsys.readouterr().err
    assert run("export", file, "--out", file, "--form", "roi") == 1
    assert run("export", file, "--out", file.with_name("q"), "--ids", 77) == 1
    assert "received 77" in capsys.readouterr().err
