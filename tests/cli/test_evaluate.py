"""``napari-emseg evaluate``: the same figures on the screen, in files and in the report."""

from __future__ import annotations

import csv
import json
import re

import numpy as np
import pytest

from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status
from napari_emseg.core.scores.metrics import TITLES, score_stack
from napari_emseg.io.read import read_stack
from napari_emseg.io.write import write_stack
from napari_emseg.report.provenance import PixelHash
from napari_emseg.types import Stack

CELL, BORDER = 20, 3
STEP = CELL + BORDER


def run(*args):
    return exit_status(cli, [str(each) for each in args])


@pytest.fixture
def stacks(tmp_path):
    """A truth of 7 slices, a prediction with gaps, more with each slice, and a perfect one."""
    tile = np.zeros((STEP, STEP), bool)
    tile[:CELL, :CELL] = True
    truth = np.stack([np.tile(tile, (4, 4))] * 7)
    mask = truth.copy()
    for z in range(1, 7):
        for row in range(min(z, 4)):
            mask[z, row * STEP + 5 : row * STEP + 5 + z, CELL:STEP] = True
    probability = np.where(mask, np.float32(0.7), np.float32(0.2))
    grey = np.random.default_rng(0).integers(0, 255, truth.shape, np.uint8)
    paths = {}
    for name, data in (
        ("truth", truth.astype(np.uint8) * 255), ("prediction", probability), ("image", grey),
        ("perfect", truth.astype(np.float32)),
    ):  # fmt: skip
        paths[name] = tmp_path / f"{name}.npy"
        np.save(paths[name], data)
    return paths


def evaluated(capsys, *args):
    assert run("evaluate", *args, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_json_holds_what_is_needed_to_reproduce(stacks, capsys):
    found = evaluated(capsys, stacks["prediction"], stacks["truth"], "--model", "default")
    prediction, truth = np.load(stacks["prediction"]), np.load(stacks["truth"])
    scores = score_stack(prediction, truth).to_dict()
    assert found["stack"] == scores["stack"]
    assert found["slices"] == scores["slices"]
    about = found["about"]
    assert about["prediction"]["pixels_sha256"] == PixelHash.of(prediction)
    assert about["truth"]["pixels_sha256"] == PixelHash.of(
        read_stack(stacks["truth"], kind="labels").data
    )
    assert about["prediction"]["pixels_sha256"] != about["truth"]["pixels_sha256"]
    assert about["model"]["name"] == "default"
    assert re.fullmatch("[0-9a-f]{64}", about["model"]["weights_sha256"])
    assert about["settings"]["thresholds"] == [k / 10 for k in range(11)]


def test_a_fixed_threshold_is_no_sweep(stacks, capsys):
    found = evaluated(capsys, stacks["prediction"], stacks["truth"], "--threshold", "0.8")
    assert found["stack"]["threshold"] == 0.8
    assert found["stack"]["recall"] == 0
    assert len(found["sweep"]) == 1


def test_slices_keep_their_numbers(stacks, capsys):
    found = evaluated(capsys, stacks["prediction"], stacks["truth"], "--slices", "2,5")
    assert [row["slice"] for row in found["slices"]] == [2, 5]


def test_scribbles_leave_out_what_is_unknown(stacks, tmp_path, capsys):
    truth = np.load(stacks["truth"])
    scribbles = np.where(truth > 0, 2, 1).astype(np.uint8)
    scribbles[:, :, CELL - 2 :] = 0
    np.save(tmp_path / "scribbles.npy", scribbles)
    args = (stacks["prediction"], tmp_path / "scribbles.npy", "--truth-means", "scribbles")
    assert evaluated(capsys, *args)["stack"]["v_rand"] == pytest.approx(1)
    mask = evaluated(capsys, *args[:2], "--truth-means", "mask", "--threshold", "0.5")
    assert mask["stack"]["v_rand"] < 1


def test_table_and_csv_say_the_same(stacks, tmp_path, capsys):
    out = tmp_path / "scores.csv"
    assert run("evaluate", stacks["prediction"], stacks["truth"], "--csv", out) == 0
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    lines = out.read_text().splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert any(line.startswith("# prediction.pixels_sha256: ") for line in lines)
    assert [row["slice"] for row in rows] == [*"0123456", "stack"]
    for shown, row in zip(printed[1:], rows, strict=False):
        assert shown == [row["slice"], *(f"{float(row[name]):.4f}" for name in TITLES)]


def test_against_another_prediction(stacks, capsys):
    found = evaluated(
        capsys, stacks["prediction"], stacks["truth"], "--against", stacks["perfect"]
    )["against"]  # fmt: skip
    assert found["stack"]["v_rand"] == pytest.approx(1)
    assert found["p_value"] == pytest.approx(2 / 2**6)  # the first slice has no gap
    assert "is better on 0 slices, the one it is held against on 6" in found["verdict"]


def test_report_as_html_stands_alone(stacks, tmp_path, capsys):
    out = tmp_path / "report.html"
    assert run(
        "evaluate", stacks["prediction"], stacks["truth"], "--report", out, "--image",
        stacks["image"], "--model", "default",
    ) == 0  # fmt: skip
    assert str(out) in capsys.readouterr().out
    page = out.read_text()
    assert page.count('src="data:image/png;base64,') == 1 + 5
    assert "http" not in page.replace("https://doi", "")
    assert "merger of 400 px" in page
    assert "weights_sha256" in page
    scores = score_stack(np.load(stacks["prediction"]), np.load(stacks["truth"]))
    assert f"V_rand {scores.v_rand:.4f}" in page
    assert f"<td>{scores.slices[6].v_rand:.4f}" in page


def test_report_as_pdf(stacks, tmp_path):
    out = tmp_path / "report.pdf"
    assert run("evaluate", stacks["prediction"], stacks["truth"], "--report", out) == 0
    content = out.read_bytes()
    assert content.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type /Page\b", content))
    assert pages == 1 + 1 + 2 * 5 + 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--report", "page.txt"], "html or .pdf"),
        (["--report", "page.html", "--image", "small.npy"], "expected the shape"),
        (["--model", "nonsense"], "there is no model 'nonsense'"),
    ],
)
def test_errors_are_told_in_words(stacks, tmp_path, monkeypatch, capsys, args, words):
    monkeypatch.chdir(tmp_path)
    np.save("small.npy", np.zeros((7, 4, 4), np.uint8))
    assert run("evaluate", stacks["prediction"], stacks["truth"], *args) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


@pytest.fixture
def partly(stacks, tmp_path):
    """The prediction, of which three slices were made, and the file says so; or it does not."""
    data = np.load(stacks["prediction"])
    data[3:] = 0
    stacks["partly"] = write_stack(tmp_path / "partly.tif", Stack(data, predicted=(0, 1, 2)))
    stacks["silent"] = write_stack(tmp_path / "silent.tif", Stack(data))
    return stacks


def test_only_what_was_predicted_is_scored(partly, capsys, tmp_path):
    page, table = tmp_path / "page.html", tmp_path / "scores.csv"
    found = evaluated(
        capsys, partly["partly"], partly["truth"], "--csv", table, "--report", page,
        "--against", partly["perfect"],
    )  # fmt: skip
    whole = evaluated(capsys, partly["prediction"], partly["truth"], "--slices", "0:3")
    assert found["stack"] == whole["stack"]
    assert (found["slices_scored"], found["slices_labelled"]) == (3, 7)
    assert found["not_predicted"] == [3, 4, 5, 6]
    assert [each["slice"] for each in found["against"]["v_rand_differences"]] == [0, 1, 2]
    said = "3 of 7 slices; slices 3 to 6 were not predicted"
    assert said in page.read_text()
    assert f"# scored: {said}" in table.read_text()
    assert run("evaluate", partly["partly"], partly["truth"]) == 0
    assert said in capsys.readouterr().out


def test_slices_of_zeros_of_which_nothing_is_known_are_spoken_of(partly, capsys):
    found = evaluated(capsys, partly["silent"], partly["truth"])
    assert found["slices_scored"] == 7
    assert any(
        note.startswith("Slices 3 to 6 of the prediction are 0 everywhere")
        for note in found["notes"]
    )
    full = evaluated(capsys, partly["prediction"], partly["truth"])
    assert not any("0 everywhere" in note for note in full["notes"])


def test_where_nothing_that_is_labelled_was_predicted_there_is_no_score(partly, capsys):
    assert run("evaluate", partly["partly"], partly["truth"], "--slices", "5,6") == 1
    assert "expected a labelled slice that was predicted" in capsys.readouterr().err
