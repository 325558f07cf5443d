"""``napari-emseg measure``: tables with units in their headers, options, refusals."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status


def run(*args):
    return exit_status(cli, [str(each) for each in args])


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture
def files(tmp_path):
    """Cells 4 and 9 side by side, in cell 4 a mitochondrion, and an image."""
    cells = np.zeros((5, 30, 40), np.uint16)
    cells[1:4, 2:28, 2:18], cells[1:4, 2:28, 20:38] = 4, 9
    classes = np.where(cells > 0, 2, 1).astype(np.uint8)
    classes[2, 5:9, 5:9] = 3
    image = np.where(cells == 4, 100, 50).astype(np.uint8)
    stacks = {"cells": cells, "classes": classes, "image": image}
    for name, data in stacks.items():
        em.write_stack(tmp_path / f"{name}.tif", em.Stack(data, (50.0, 10.0, 10.0)))
    return tmp_path


def test_a_row_a_cell_with_units_in_the_header(files, capsys):
    out = files / "table.csv"
    assert run("measure", files / "cells.tif", "--out", out) == 0
    table = rows(out)
    assert [row["id"] for row in table] == ["4", "9"]
    assert float(table[0]["volume_um3"]) == pytest.approx(3 * 26 * 16 * 5000e-9)
    assert table[0]["touches_rim"] == "0"
    assert "2 cells in 5 slices" in capsys.readouterr().out


def test_further_tables(files):
    named = {name: files / f"{name}.csv" for name in ("profiles", "slices", "contacts", "parts")}
    options = [word for name, path in named.items() for word in (f"--{name}", path)]
    status = run(
        "measure", files / "cells.tif", "--out", files / "t.csv", *options,
        "--classes", files / "classes.tif", "--image", files / "image.tif",
    )  # fmt: skip
    assert status == 0
    assert [len(rows(path)) for path in named.values()] == [6, 5, 1, 1]
    (first, second) = rows(files / "t.csv")
    assert (first["class_3_parts"], second["class_3_parts"]) == ("1", "0")
    assert (first["mean_grey"], second["mean_grey"]) == ("100", "50")
    assert rows(named["parts"])[0]["id"] == "4"


def test_without_a_voxel_size_px_are_said(files, capsys):
    np.save(files / "bare.npy", np.asarray(em.read_stack(files / "cells.tif").data))
    assert run("measure", files / "bare.npy", "--out", files / "t.csv") == 0
    assert "volume_px3" in rows(files / "t.csv")[0]
    assert "voxel size is not known" in capsys.readouterr().err
    size = ("--voxel-size-nm", 50, 10, 10)
    assert run("measure", files / "bare.npy", "--out", files / "t.csv", *size) == 0
    assert "volume_um3" in rows(files / "t.csv")[0]


def test_a_mask_is_refused_and_measured_as_sections(files, capsys):
    mask = np.zeros((2, 40, 40), np.uint8)
    mask[:, 2::10, 2:30] = 255
    em.write_stack(files / "mask.tif", em.Stack(mask))
    assert run("measure", files / "mask.tif", "--out", files / "t.csv") == 1
    assert "--sections" in capsys.readouterr().err
    assert run("measure", files / "mask.tif", "--out", files / "t.csv", "--sections") == 0
    assert len(rows(files / "t.csv")) == 8


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--out", "t.txt"], 1, "ends in .csv"),
        (["--out", "nowhere/t.csv"], 1, "make it first"),
        (["--out", "t.csv", "--parts", "p.csv"], 2, "--parts needs --classes"),
        (["--out", "t.csv", "--sections", "--contacts", "p.csv"], 2, "no --contacts"),
    ],
)
def test_what_cannot_be_is_said_first(files, capsys, monkeypatch, options, status, said):
    monkeypatch.chdir(files)
    assert run("measure", "cells.tif", *options) == status
    assert said in capsys.readouterr().err
