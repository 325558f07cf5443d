"""Cells of a file measured in blocks: the table of one process, from whoever did the blocks."""

from __future__ import annotations

import csv

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.engine.measure import blocks, run_blocks
from napari_emseg.errors import CancelledError, LabelsError, ShapeError, WriteError
from tissue import bodies


@pytest.fixture
def files(tmp_path):
    """Cells and an image, 7 x 64 x 80."""
    cells = bodies((7, 64, 80)).astype(np.uint32)
    image = np.random.default_rng(3).integers(0, 255, cells.shape, np.uint8)
    em.write_stack(tmp_path / "cells.zarr", em.Stack(cells, (30, 6, 6), kind="labels"))
    em.write_stack(tmp_path / "image.zarr", em.Stack(image, (30, 6, 6)))
    return tmp_path


@pytest.fixture
def in_slabs(monkeypatch):
    """Blocks of two slices."""

    def plan(shape, *, halo, **_):
        return Blocks(shape, (2, *shape[1:]), (halo[0], 0, 0))

    monkeypatch.setattr(run_blocks, "plan_blocks", plan)


def rows(path):
    with path.open() as file:
        return list(csv.reader(file))


def run(*args):
    return exit_status(cli, [str(each) for each in args])


def one_process(files, **options):
    table, contacts = files / "one.csv", files / "one-contacts.csv"
    em.measure_file(files / "cells.zarr", table, contacts=contacts, **options)
    return rows(table), rows(contacts)


def test_blocks_give_the_table_of_one_process(files, in_slabs):
    image = files / "image.zarr"
    wanted = one_process(files, image=image)
    out, contacts, said = files / "t.csv", files / "c.csv", []
    table = em.measure_file(
        files / "cells.zarr", out, contacts=contacts, image=image, part="1/1", keep=files / "kept",
        on_event=said.append,
    )  # fmt: skip
    assert (rows(out), rows(contacts)) == wanted
    assert len(table) == len(wanted[0]) - 1 > 5
    assert "mean_grey" in table.columns
    assert any("measure: 4 blocks" in str(each) for each in said)


def test_parts_share_a_volume_and_keep_what_they_found(files, in_slabs):
    wanted, out = one_process(files), files / "t.csv"
    assert em.measure_file(files / "cells.zarr", out, part="2/2") is None
    assert not out.exists()
    assert em.measure_file(files / "cells.zarr", out, part="1/2") is not None
    assert rows(out) == wanted[0]
    # whoever comes again finds all done
    assert em.measure_file(files / "cells.zarr", files / "t.csv", part="2/2") is not None


def test_what_was_stopped_goes_on_and_leaves_nothing(files, in_slabs, monkeypatch):
    wanted, out, left = one_process(files), files / "t.csv", iter([False] * 3)
    done = []
    measured = blocks.MeasureBlocks.__call__
    monkeypatch.setattr(
        blocks.MeasureBlocks, "__call__", lambda self, n: (done.append(n), measured(self, n))[1]
    )
    with pytest.raises(CancelledError):
        em.measure_file(files / "cells.zarr", out, part="1/1", should_stop=lambda: next(left, True))
    assert done == [0, 1, 2]
    with pytest.raises(WriteError, match=r"widest_membrane_px.*begin anew"):
        em.measure_file(files / "cells.zarr", out, part="1/1", widest_membrane_px=3)
    em.measure_file(files / "cells.zarr", out, part="1/1")
    assert done == [0, 1, 2, 3]
    assert rows(out) == wanted[0]
    with pytest.raises(WriteError, match="by hand"):
        em.measure_file(files / "cells.zarr", out, part="1/1", overwrite=True)


def test_what_cannot_be_measured(files):
    empty = em.Stack(np.zeros((3, 8, 8), np.uint16), kind="labels")
    em.write_stack(files / "empty.zarr", empty)
    with pytest.raises(LabelsError, match="without any cell"):
        em.measure_file(files / "empty.zarr", files / "t.csv", part="1/1")
    single = em.Stack(np.arange(64, dtype=np.uint16).reshape(1, 8, 8), kind="labels")
    em.write_stack(files / "single.zarr", single)
    with pytest.raises(ShapeError, match="without blocks"):
        em.measure_file(files / "single.zarr", files / "t.csv", part="1/1")
    with pytest.raises(ShapeError, match="image"):
        em.measure_file(
            files / "cells.zarr", files / "t.csv", part="1/1", image=files / "single.zarr"
        )


def test_the_command_line(files, in_slabs, capsys):
    wanted, out, contacts = one_process(files), files / "t.csv", files / "c.csv"
    given = ["measure", files / "cells.zarr", "--out", out, "--contacts", contacts]
    assert run(*given, "--part", "1/1") == 0
    assert (rows(out), rows(contacts)) == wanted
    assert f"{len(wanted[0]) - 1} cells" in capsys.readouterr().out
    assert run(*given, "--part", "1/1", "--profiles", files / "p.csv") == 2
    assert "--profiles" in capsys.readouterr().err
    assert run(*given, "--keep", files) == 2
    assert "--keep is for blocks" in capsys.readouterr().err


@pytest.mark.slow
def test_workers_of_dask_do_the_same_and_leave_nothing(files, in_slabs):
    wanted, out = one_process(files), files / "t.csv"
    em.measure_file(files / "cells.zarr", out, workers=2)
    assert rows(out) == wanted[0]
    assert not [*files.glob(".t.csv*")]
