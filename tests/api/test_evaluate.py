"""Scoring by the API: the command line's figures, slices, meanings, errors."""

from __future__ import annotations

import json

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.cli.commands import cli
from napari_emseg.cli.options_and_progress import exit_status


@pytest.fixture
def pair():
    """A truth of four slices with 16 cells each, and a prediction with a gap in the last ones."""
    truth = np.full((4, 64, 64), 255, np.uint8)
    truth[:, ::16], truth[:, :, ::16] = 0, 0
    prediction = np.where(truth > 0, np.float32(0.8), np.float32(0.1))
    prediction[2:, 16, 20:30] = 0.7
    return prediction, truth


@pytest.mark.parametrize("options", [{}, {"slices": [1, 3]}, {"threshold": 0.75}])
def test_the_command_line_gives_the_same(pair, tmp_path, capsys, options):
    for name, data in zip(("prediction", "truth"), pair, strict=True):
        np.save(tmp_path / f"{name}.npy", data)
    typed = [f"--{k}={','.join(map(str, np.atleast_1d(v)))}" for k, v in options.items()]
    paths = [str(tmp_path / "prediction.npy"), str(tmp_path / "truth.npy")]
    assert exit_status(cli, ["evaluate", *paths, "--json", *typed]) == 0
    printed = json.loads(capsys.readouterr().out)
    scores = em.evaluate(*pair, **options).to_dict()
    assert {name: printed[name] for name in scores} == scores


def test_what_comes_out_of_segment_goes_in():
    image, truth = em.phantom()
    image = image.with_data(image.data[:1])
    truth = truth.with_data(truth.data[:1])
    for output in ("cells", "mask", "probability"):
        assert em.evaluate(em.segment(image, output=output), truth).v_rand > 0.9


def test_a_slice_and_its_truth(pair):
    prediction, truth = pair
    assert em.evaluate(prediction[0], truth[0]).v_rand == pytest.approx(1)
    assert em.evaluate(prediction[3], truth[3], threshold=0.5).v_rand < 1


def test_scribbles_leave_out_what_is_unknown(pair):
    prediction, truth = pair
    scribbles = np.where(truth > 0, 2, 1)
    scribbles[:, 14:19] = 0
    found = em.evaluate(prediction, scribbles, truth_means="scribbles", threshold=0.5)
    assert found.v_rand == pytest.approx(1)


def test_progress_and_stop(pair):
    done = []
    with pytest.raises(em.CancelledError, match="of 4"):
        em.evaluate(*pair, on_slice=lambda *k: done.append(k), should_stop=lambda: len(done) == 2)
    assert done == [(1, 4), (2, 4)]


def test_errors_say_what_to_do(pair):
    prediction, truth = pair
    with pytest.raises(em.ShapeError):
        em.evaluate(prediction[:2], truth)
    with pytest.raises(em.LabelsError):
        em.evaluate(prediction, np.zeros_like(truth))
    with pytest.raises(em.SettingError):
        em.evaluate(prediction, truth, threshold=3)
