"""A report as JSON and CSV: other programs read them, so each byte stays where it is."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_emseg.core.scores.scores import SliceScores, StackScores
from napari_emseg.core.scores.segmentation_error import SegmentationError
from napari_emseg.report.evaluation import Evaluation
from napari_emseg.report.files import score_table, write_csv, write_json
from napari_emseg.report.page import headline, write_report
from napari_emseg.report.provenance import ModelRecord, PixelHash, Provenance, StackRecord
from napari_emseg.report.report import PairedReport, Report
from napari_emseg.types import Stack, noted_names

NAMES = (
    "v_rand", "v_rand_split", "v_rand_merge", "v_info", "v_info_split", "v_info_merge",
    "pixel_accuracy", "iou", "dice", "precision", "recall",
)  # fmt: skip

SCORED = ("slices", "stack", "slices_scored", "slices_labelled", "not_predicted")


def scores_of(first: float) -> SliceScores:
    """Eleven scores, each another."""
    return SliceScores(*(round(first + k / 100, 2) for k in range(len(NAMES))))


@pytest.fixture
def report():
    table = {2: [scores_of(0.1), scores_of(0.5)], 5: [scores_of(0.3), scores_of(0.7)]}
    return Report(
        replace(StackScores.reduce(table, (0.25, 0.5)), not_predicted=(7,)),
        Provenance(
            StackRecord("p", "float32", "aa", (2, 3, 4)),
            StackRecord("t", "uint8", "bb"),
            {"truth_means": "mask", "slices": [2, 5]},
            version="1.2.3",
            written="2026-01-02T03:04:05+00:00",
        ),
    )


def row(head, first):
    values = (round(first + k / 100, 2) for k in range(len(NAMES)))
    return {**head, **dict(zip(NAMES, values, strict=True))}


def test_json_is_what_other_programs_read(report):
    expected = {
        "slices": [row({"slice": 2}, 0.5), row({"slice": 5}, 0.7)],
        "stack": {
            "v_rand": 0.6, "v_info": 0.63, "pixel_accuracy": 0.66, "iou": 0.67, "threshold": 0.5,
            "v_rand_split": 0.61, "v_rand_merge": 0.62, "v_info_split": 0.64, "v_info_merge": 0.65,
            "dice": 0.68, "precision": 0.69, "recall": 0.7,
        },
        "slices_scored": 2, "slices_labelled": 3, "not_predicted": [7],
        "sweep": [row({"threshold": 0.25}, 0.2), row({"threshold": 0.5}, 0.6)],
        "about": {
            "napari_emseg": "1.2.3",
            "written": "2026-01-02T03:04:05+00:00",
            "prediction": {
                "name": "p", "shape": [2, 3, 4], "dtype": "float32", "pixels_sha256": "aa"
            },
            "truth": {"name": "t", "dtype": "uint8", "pixels_sha256": "bb"},
            "model": None,
            "settings": {"truth_means": "mask", "slices": [2, 5]},
        },
    }  # fmt: skip
    found = json.dumps(report.to_dict(), indent=1)
    rounded = json.loads(found, parse_float=lambda text: round(float(text), 12))
    assert json.dumps(rounded) == json.dumps(expected)


def test_what_a_person_has_chosen_to_look_at_is_added(report, tmp_path):
    error = SegmentationError("split", 40, (1.5, 2.0), 7, 30.0)
    model = ModelRecord("default", "/models/default", 0.5, "cc")
    seen = replace(
        report, best_threshold=0.25, errors={2: (error,), 5: ()},
        provenance=replace(report.provenance, model=model),
    )  # fmt: skip
    write_json(seen, tmp_path / "scores.json")
    text = (tmp_path / "scores.json").read_text()
    assert text == json.dumps(seen.to_dict(), indent=2) + "\n"
    found = json.loads(text)
    assert list(found) == [*SCORED, "sweep", "errors", "about"]
    assert list(found["stack"])[-1] == "best_threshold"
    assert found["errors"] == [{
        "slice": 2, "kind": "split", "cost_px": 40, "position": [1.5, 2.0], "length_px": 7,
        "extent_px": 30.0,
    }]  # fmt: skip
    assert found["about"]["model"] == {
        "name": "default", "folder": "/models/default", "threshold": 0.5, "weights_sha256": "cc"
    }  # fmt: skip


def test_csv_is_what_other_programs_read(report, tmp_path):
    write_csv(report, tmp_path / "scores.csv")
    lines = (tmp_path / "scores.csv").read_bytes().decode().splitlines(keepends=True)
    assert lines[:11] == [
        "# napari_emseg: 1.2.3\n",
        "# written: 2026-01-02T03:04:05+00:00\n",
        "# prediction.name: p\n",
        "# prediction.shape: [2, 3, 4]\n",
        "# prediction.dtype: float32\n",
        "# prediction.pixels_sha256: aa\n",
        "# truth.name: t\n",
        "# truth.dtype: uint8\n",
        "# truth.pixels_sha256: bb\n",
        "# settings.truth_means: mask\n",
        "# settings.slices: [2, 5]\n",
    ]
    assert lines[11:15] == [
        "# threshold: 0.5\n",
        "# scored: 2 of 3 slices; slice 7 was not predicted\n",
        f"slice,{','.join(NAMES)}\r\n",
        "2,0.5,0.51,0.52,0.53,0.54,0.55,0.56,0.57,0.58,0.59,0.6\r\n",
    ]
    assert [line.split(",")[0] for line in lines[15:]] == ["5", "stack"]


def test_table_and_headline_are_what_a_person_reads(report):
    table = score_table(report).splitlines()
    assert table[0].split()[:5] == ["slice", "V_rand", "split", "merge", "V_info"]
    assert table[1].split()[:3] == ["2", "0.5000", "0.5100"]
    assert table[3].split()[:3] == ["stack", "0.6000", "0.6100"]
    assert table[4] == "best threshold 0.5, over 2 of 3 slices; slice 7 was not predicted"
    assert headline(report) == (
        "V_rand 0.6000, V_info 0.6300, pixel accuracy 0.6600 at threshold 0.5 over 2 of 3 "
        "slices; slice 7 was not predicted."
    )


def test_v_info_of_the_stack_is_its_best_over_the_thresholds():
    """As the challenge ranks; the other scores are those at the best threshold of V_rand."""
    low, high = scores_of(0.1), replace(scores_of(0.1), v_rand=0.0, v_info=0.9)
    scores = StackScores.reduce({0: [low, high]}, (0.25, 0.5))
    assert (scores.threshold, scores.mean.v_info, scores.stack.v_info) == (0.25, 0.13, 0.9)


def test_another_prediction_is_held_against_it(report):
    better = {2: [scores_of(0.6)], 5: [scores_of(0.65)]}
    second = replace(report, scores=StackScores.reduce(better, (0.5,)))
    found = replace(report, comparison=PairedReport.of(report, second)).to_dict()
    assert list(found) == [*SCORED, "sweep", "about", "against"]
    against = found["against"]
    assert list(against) == ["prediction", "stack", "v_rand_differences", "p_value", "verdict"]
    assert against["prediction"] == found["about"]["prediction"]
    assert against["stack"]["v_rand"] == pytest.approx(0.625)
    differences = {each["slice"]: each["v_rand"] for each in against["v_rand_differences"]}
    assert differences == pytest.approx({2: 0.1, 5: -0.05})
    assert against["p_value"] is None
    assert against["verdict"].startswith("V_rand: PREDICTION is better on 1 slice, the one it is")


def test_an_evaluation_says_what_was_scored():
    truth = np.zeros((3, 20, 20), np.uint8)
    truth[:, 2:9, 2:18] = 1
    truth[:, 12:18, 2:18] = 2
    prediction = Stack((truth > 0).astype(np.float32), name="p")
    evaluation = Evaluation.of(prediction, Stack(truth, name="t", kind="labels"), (0, 2))
    report = evaluation.report(threshold=0.5)
    assert list(report.slices) == [0, 2]
    about = report.provenance
    assert about.prediction == StackRecord(
        "p", "float32", PixelHash.of(prediction.data[[0, 2]]), (2, 20, 20)
    )
    assert about.settings == {"truth_means": "instances", "thresholds": [0.5], "slices": [0, 2]}
    assert [picture.compared.z for picture in evaluation.pictures(report)] == [0, 2]


def test_classes_are_scored_by_name(tmp_path):
    tile = np.ones((16, 16), np.uint8)
    tile[2:14, 2:14], tile[5:8, 5:8] = 2, 3
    truth = np.tile(tile, (2, 6, 6))
    predicted = truth.copy()
    predicted[0][predicted[0] == 3] = 2  # half of the mitochondria are missed
    names = ("membrane", "cell", "mitochondrion")
    found = Stack(predicted, name="p", edits=noted_names(names))
    report = Evaluation.of(found, Stack(truth, name="t", kind="labels"), None).report(threshold=0.5)
    membrane, cell, mitochondrion = report.to_dict()["classes"]
    assert (membrane["name"], membrane["iou"]) == ("membrane", 1)
    assert cell["iou"] < 1
    assert mitochondrion == {
        "name": "mitochondrion", "iou": 0.5, "dice": pytest.approx(2 / 3)
    }  # fmt: skip
    assert score_table(report).splitlines()[-1] == "mitochondrion: IoU 0.5000, Dice 0.6667"
    write_csv(report, tmp_path / "s.csv")
    assert "# mitochondrion: IoU 0.5," in (tmp_path / "s.csv").read_text()
    write_report(report, [], tmp_path / "r.html")
    assert "<td>mitochondrion<td>0.5000" in (tmp_path / "r.html").read_text()


def test_a_probability_or_a_truth_without_classes_has_no_scores_of_classes():
    truth = Stack(np.tile(np.pad(np.ones((12, 12), np.uint8), 2), (2, 6, 6)), kind="labels")
    report = Evaluation.of(Stack(truth.data.astype(np.float32)), truth, None).report()
    assert report.classes == ()
    assert "classes" not in report.to_dict()


def test_what_comes_from_files_is_escaped_in_html(report, tmp_path):
    evil = '</title><script>alert("$x^$")</script><img src=x onerror=alert(1)>'
    about = replace(
        report.provenance,
        prediction=replace(report.provenance.prediction, name=evil),
        truth=replace(report.provenance.truth, name=evil),
        model=ModelRecord(evil, evil, 0.5, "ab"),
        settings={evil: evil},
    )
    write_report(replace(report, provenance=about), [], tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text()
    assert text.count("&lt;script&gt;") >= 6
    for tag in ("<script", "<img src=x", "</title><"):
        assert tag not in text.replace("</title><style>", "")
