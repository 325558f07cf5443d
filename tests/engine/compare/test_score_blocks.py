"""Volumes scored in blocks: the scores of one process, errors and their places as well."""

from __future__ import annotations

import json

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.blocks.plan import Blocks
from napari_emseg.engine.compare import run_blocks
from napari_emseg.errors import CancelledError, LabelsError, SettingError
from tissue import bodies

SHAPE = (7, 96, 120)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Cells that are merged and split here and there."""
    folder = tmp_path_factory.mktemp("volumes")
    truth = bodies(SHAPE, 16).astype(np.uint32)
    predicted = np.where((truth > 0) & (truth % 3 == 0), truth - 1, truth)
    predicted[:, 33:66][predicted[:, 33:66] > 0] += 1000
    for name, ids in (("truth", truth), ("predicted", predicted)):
        stack = em.Stack(ids.astype(np.uint32), (30, 6, 6), kind="labels")
        em.write_stack(folder / f"{name}.zarr", stack)
    return folder / "predicted.zarr", folder / "truth.zarr"


@pytest.fixture(params=["slabs", "cut"])
def plan(request, monkeypatch):
    def planned(shape, *, halo, **_):
        size = (2, *shape[1:]) if request.param == "slabs" else (3, 40, 50)
        return Blocks(shape, size, halo)

    monkeypatch.setattr(run_blocks, "plan_blocks", planned)
    return request.param


def one_process(files, **settings):
    return em.evaluate_volume(*(em.read_stack(each, kind="labels") for each in files), **settings)


def run(*args):
    return exit_status(cli, [str(each) for each in args])


@pytest.mark.parametrize("settings", [{}, {"foreground": "cremi", "worst": 3}, {"worst": 0}])
def test_scores_are_those_of_one_process(files, plan, settings):
    wanted = one_process(files, **settings).to_dict()
    found = em.evaluate_volume_file(*files, **settings).to_dict()
    assert wanted["mergers"]["count"] > 1
    assert wanted["splits"]["count"] > 1
    if plan == "cut":  # points may lie elsewhere in a piece; what is counted may not
        for kind in ("mergers", "splits"):
            for each in (*found[kind]["worst"], *wanted[kind]["worst"]):
                each.pop("points"), each.pop("meeting")
    assert found == wanted


def test_places_lie_in_the_pieces_where_slices_are_cut(files, plan):
    predicted, truth = (np.asarray(em.read_stack(each, kind="labels").data) for each in files)
    found = em.evaluate_volume_file(*files)
    for error in (*found.mergers.worst, *found.splits.worst):
        for points in (error.points, error.meeting):
            assert tuple(truth[each] for each in points) == error.true_ids
            assert tuple(predicted[each] for each in points) == error.predicted_ids


def test_what_was_stopped_goes_on(files, plan, tmp_path):
    left = iter([False] * 3)
    with pytest.raises(CancelledError):
        em.evaluate_volume_file(*files, keep=tmp_path, should_stop=lambda: next(left, True))
    said = []
    found = em.evaluate_volume_file(*files, keep=tmp_path, on_event=said.append)
    assert any("blocks" in str(each) and "1 of 4" in str(each) for each in said) or plan == "cut"
    assert found.volume == one_process(files).volume


def test_parts_share_a_folder(files, plan, tmp_path):
    found, rounds = None, 0
    while found is None:
        for k in (1, 2):
            found = em.evaluate_volume_file(*files, keep=tmp_path, part=f"{k}/2") or found
        rounds += 1
        assert rounds < 5
    assert found.volume == one_process(files).volume
    with pytest.raises(SettingError, match="keep"):
        em.evaluate_volume_file(*files, part="1/2")


def test_a_mask_is_refused(files, tmp_path):
    mask = em.Stack(np.tile(np.uint8([0, 255]), (7, 96, 60)), kind="labels")
    em.write_stack(tmp_path / "mask.zarr", mask)
    with pytest.raises(LabelsError, match="prediction"):
        em.evaluate_volume_file(tmp_path / "mask.zarr", files[1])


def test_the_command_line(files, plan, tmp_path, capsys):
    given = ("evaluate", *files, "--part", "1/1", "--keep", tmp_path)
    assert run(*given, "--volume", "--json") == 0
    printed = json.loads(capsys.readouterr().out)["volume"]
    assert printed["are"] == one_process(files).volume.are
    assert run(*given, "--volume") == 0
    assert "mergers: " in capsys.readouterr().out
    assert run(*given) == 2
    assert "--part needs --volume" in capsys.readouterr().err
    assert run(*given, "--volume", "--csv", tmp_path / "s.csv") == 2
    assert "--csv" in capsys.readouterr().err
    assert run("evaluate", *files, "--volume", "--overwrite") == 2
    assert "--overwrite is for blocks" in capsys.readouterr().err


@pytest.mark.slow
def test_workers_of_dask_do_the_same(files, plan):
    found = em.evaluate_volume_file(*files, workers=2)
    assert found.volume == one_process(files).volume
