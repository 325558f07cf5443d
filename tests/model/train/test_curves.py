"""The history as a picture."""

from __future__ import annotations

import math
import subprocess
import sys

import cv2
import pytest
from matplotlib.figure import Figure

from napari_emseg.model.train.curves import draw_curves, draw_panel, draw_runs
from napari_emseg.model.validation.validator import COLUMNS


def row(epoch: int, validated: bool = True) -> dict[str, float]:
    values = dict.fromkeys(COLUMNS, 1 - 1 / (epoch + 1) if validated else math.nan)
    return {"epoch": epoch, "learning_rate": 1e-3, "loss": 1 / epoch, "accuracy": 0.5, **values}


@pytest.mark.parametrize("epochs", [1, 2, 60])
def test_it_is_a_picture(tmp_path, epochs):
    path = tmp_path / "curves.png"
    draw_curves([row(n, n % 3 == 1) for n in range(1, epochs + 1)], path)
    image = cv2.imread(str(path))
    assert image.shape[1] > 1000
    assert len(set(image.reshape(-1, 3).sum(axis=1))) > 10


def test_without_v_rand_there_are_still_curves(tmp_path):
    sparse = [{**row(n), "val_v_rand": math.nan, "v_rand": math.nan} for n in (1, 2)]
    draw_curves(sparse, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 0


def test_matplotlib_is_loaded_late_and_without_its_global_state(tmp_path):
    code = (
        "import sys, napari_emseg.model.train.curves as c; assert 'matplotlib' not in sys.modules;"
        "r = dict(epoch=1, learning_rate=1, val_loss=1, loss=1, accuracy=1, val_accuracy=1,"
        f"v_rand=1, val_v_rand=1); c.draw_curves([r], {str(tmp_path / 'c.png')!r});"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_epochs_are_whole(epochs):
    history = [row(n, validated=True) for n in range(1, epochs + 1)]
    for draw in (
        lambda axes: draw_panel(axes, history, "loss", "Loss"),
        lambda axes: draw_runs(axes, [("a", history, "#0072b2")], "loss", "Loss"),
    ):
        axes = Figure().subplots()
        draw(axes)
        low, high = axes.get_xlim()
        shown = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert shown
        assert all(tick == round(tick) for tick in shown)
        assert axes.get_legend() is None  # of long names it would lie over the curves
