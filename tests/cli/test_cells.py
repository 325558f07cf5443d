"""``napari-emseg cells``: cells of a volume from anybody's probability or mask."""

from __future__ import annotations

import pytest
from tests.core.cells3d.made_volumes import tissue

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status


def run(*args):
    return exit_status(cli, [str(each) for each in args])


@pytest.fixture
def volume(tmp_path):
    em.write_stack(tmp_path / "p.tif", em.Stack(tissue()[1], (30.0, 6.0, 6.0)))
    return tmp_path / "p.tif"


def test_writes_ids_and_says_how_many(volume, tmp_path, capsys):
    out = tmp_path / "cells.tif"
    assert run("cells", volume, "--out", out) == 0
    said = capsys.readouterr()
    cells = em.read_stack(out)
    assert cells.voxel_size_nm == (30, 6, 6)
    assert em.evaluate_volume(cells.data, tissue()[0]).volume.are < 0.1
    assert said.out.startswith(f"{out}: made of ")
    assert f"{cells.data.max()} cells" in said.err
    assert "p.tif is read as a probability of cell in 0 to 1." in said.err


def test_knob_and_membranes(volume, tmp_path):
    assert run("cells", volume, "--out", tmp_path / "one.tif", "--merging", "1") == 0
    assert em.read_stack(tmp_path / "one.tif").data.max() == 1
    assert run("cells", volume, "--out", tmp_path / "open.tif", "--no-fill-membranes") == 0
    assert not em.read_stack(tmp_path / "open.tif").data.all()


def test_refusals(volume, tmp_path, capsys):
    assert run("cells", volume, "--out", tmp_path / "c.tif", "--merging", "2") == 1
    assert "merging: expected 0 to 1" in capsys.readouterr().err
    assert run("cells", tmp_path / "none.tif", "--out", tmp_path / "c.tif") == 1
    assert run("cells", volume, "--out", tmp_path / "c.tif", "--link", "slices") == 1
    assert "link: expected volume" in capsys.readouterr().err
    assert run("cells", volume) == 2
    assert not (tmp_path / "c.tif").exists()
