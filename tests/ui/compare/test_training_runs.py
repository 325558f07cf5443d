"""Curves of several trainings over one another."""

from __future__ import annotations

import json

import pytest
from napari.utils.notifications import notification_manager

from napari_emseg.io.folders import runs_folder
from napari_emseg.model.train.history import write_history
from napari_emseg.session.compare.training_runs import TrainingRuns
from napari_emseg.session.words import V_RAND
from napari_emseg.ui.background.executor import QtExecutor
from napari_emseg.ui.compare.training_runs import TrainingRunsPage
from napari_emseg.ui.widgets.notify import show_error


@pytest.fixture(autouse=True)
def _notifications_raise_nothing(monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    notification_manager.records.clear()


def write_run(name, losses, batch_size=4):
    """A run folder as a training leaves it, with these losses of validation."""
    folder = runs_folder() / name
    folder.mkdir(parents=True)
    rows = [
        {
            "epoch": k, "seconds": k, "learning_rate": 1e-3, "loss": 1 / k, "accuracy": 0.9,
            "v_rand": 0.9, "v_info": 0.9, "val_loss": loss, "val_accuracy": 0.9,
            "val_v_rand": 1 - loss / 10, "val_v_info": 0.9, "threshold": 0.5,
        }
        for k, loss in enumerate(losses, start=1)
    ]  # fmt: skip
    write_history(rows, folder / "history.csv")
    recipe = {"train": {"batch_size": batch_size, "learning_rate": 1e-3}}
    (folder / "config.json").write_text(json.dumps({"recipe": recipe}))
    return folder


@pytest.fixture
def runs(qtbot):
    """What is known, as `page` shows it."""
    runs = TrainingRuns(QtExecutor())
    runs.warned.connect(show_error)
    yield runs
    runs.close()


@pytest.fixture
def page(runs, qtbot):
    widget = TrainingRunsPage(runs, "dark")
    qtbot.addWidget(widget)
    widget.show()
    return widget


def look(runs, qtbot, count):
    runs.look()
    qtbot.waitUntil(lambda: len(runs.records) == count, timeout=10_000)


def test_no_training_is_told(runs, page, qtbot):
    look(runs, qtbot, 0)
    qtbot.waitUntil(lambda: "No training is recorded" in page.note.value)
    assert not page.plot.isVisible()


def test_trainings_are_drawn_over_one_another(runs, page, qtbot):
    write_run("steady", [0.5, 0.4, 0.3])
    write_run("by heart", [0.5, 0.3, 0.6], batch_size=8)
    look(runs, qtbot, 2)
    assert sorted(record.name for record in runs.records) == ["by heart", "steady"]
    legend = {text.get_text() for text in page.plot.axes.get_legend().get_texts()}
    assert legend == {"by heart", "steady"}
    assert "by heart: the validation loss has risen since epoch 2." in page.note.value
    assert "steady:" not in page.note.value
    assert V_RAND in page.note.value
    row = next(k for k, record in enumerate(runs.records) if record.name == "by heart")
    assert [page.table.text_at(row, column) for column in range(1, 6)] == [
        "0.9700", "2", "3", "8", "0.001",
    ]  # fmt: skip


def test_a_tick_takes_a_curve_away_and_a_choice_draws_another(runs, page, qtbot):
    write_run("one", [0.5, 0.4])
    write_run("two", [0.5, 0.3])
    look(runs, qtbot, 2)
    from qtpy.QtCore import Qt

    lines = len(page.plot.axes.lines)
    first = page.table.model().index(0, 0)
    page.table.model().setData(first, Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole)
    assert len(page.plot.axes.lines) == lines / 2
    page.column.value = "v_rand"
    assert page.plot.axes.get_ylabel() == "V_rand"


def test_a_folder_elsewhere_can_be_added(runs, qtbot, tmp_path):
    write_run("here", [0.5, 0.4])
    look(runs, qtbot, 1)
    other = write_run("moved", [0.5, 0.2]).rename(tmp_path / "elsewhere")
    runs.add(other)
    assert [record.name for record in runs.records] == ["elsewhere", "here"]
    assert len(runs.drawn) == 2
    runs.add(tmp_path)
    message = notification_manager.records[-1].message
    assert "expected a run folder" in message
    look(runs, qtbot, 2)
