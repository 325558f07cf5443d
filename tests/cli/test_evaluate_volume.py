"""``napari-emseg evaluate --volume``: the API's figures on the screen, in JSON, CSV and page."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status


def run(*args):
    return exit_status(cli, [str(each) for each in args])


@pytest.fixture
def pair(tmp_path):
    """Twelve cells; in the prediction two of them are one, and another one is two."""
    ids = np.arange(1, 13, dtype=np.uint16).reshape(1, 3, 4)
    truth = np.kron(ids, np.ones((4, 16, 16), np.uint16))
    truth[:, ::16], truth[:, :, ::16] = 0, 0
    predicted = np.where(truth == 2, 1, truth).astype(np.uint32)
    predicted[2:][truth[2:] == 7] = 77
    paths = tmp_path / "predicted.tif", tmp_path / "truth.tif"
    for path, data in zip(paths, (predicted, truth), strict=True):
        em.write_stack(path, em.Stack(data, (40.0, 4.0, 4.0), kind="labels"))
    return paths


def test_json_has_the_scores_of_the_api_beside_those_of_the_slices(pair, capsys):
    assert run("evaluate", *pair, "--volume", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    predicted, truth = (em.read_stack(path, kind="labels") for path in pair)
    scores = em.evaluate_volume(predicted, truth)
    assert printed["volume"] == json.loads(json.dumps(scores.to_dict()))
    assert {"are", "voi_split", "voi_merge"} <= set(printed["volume"])
    assert {"slices", "stack"} <= set(printed)
    assert printed["volume"]["mergers"]["count"] == printed["volume"]["splits"]["count"] == 1
    assert scores.mergers.worst[0].true_ids in {(1, 2), (2, 1)}


def test_cremi_takes_the_voxel_size_of_the_truth(pair, capsys):
    options = ("--volume", "--foreground", "cremi", "--border-nm", 8, "--json")
    assert run("evaluate", *pair, *options) == 0
    volume = json.loads(capsys.readouterr().out)["volume"]
    assert volume["settings"]["foreground"] == "cremi"
    # 2 px and the border itself, on each side that is not at the rim
    assert volume["voxels"] == 4 * (9 + 9 + 12) * (9 + 9 + 9 + 12)


def test_the_screen_the_table_and_the_page_have_it(pair, tmp_path, capsys):
    table, page = tmp_path / "scores.csv", tmp_path / "page.html"
    assert run("evaluate", *pair, "--volume", "--csv", table, "--report", page) == 0
    shown = capsys.readouterr().out
    assert "mergers: 1" in shown
    assert "true cell 7 in predicted cells" in shown
    with table.open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    assert [row["slice"] for row in rows] == ["0", "1", "2", "3", "stack", "volume"]
    assert float(rows[0]["are"]) > 0
    assert rows[-1]["v_rand"] == ""
    assert "The volume" in page.read_text(encoding="utf-8")


def test_a_probability_is_refused_with_what_to_do(pair, tmp_path, capsys):
    probability = tmp_path / "probability.npy"
    np.save(probability, np.full((4, 48, 64), 0.5, np.float32))
    assert run("evaluate", probability, pair[1], "--volume") == 1
    said = capsys.readouterr().err
    assert "expected ids of cells" in said
    assert "make cells of it first" in said


def test_settings_of_the_volume_need_it(pair, capsys):
    assert run("evaluate", *pair, "--border-nm", 8) == 2
    assert "--border-nm needs --volume" in capsys.readouterr().err
