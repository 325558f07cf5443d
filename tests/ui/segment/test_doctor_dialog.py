"""The doctor's dialog, with the real worker and without."""

from __future__ import annotations

import sys

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QWidget

from napari_emseg.engine.jobs import DoctorJob
from napari_emseg.types import Failed, Finished
from napari_emseg.ui.segment.doctor_dialog import DoctorDialog

JOB_TIMEOUT_MS = 90_000


@pytest.fixture
def submitted():
    """The jobs given to a worker that does nothing by itself."""
    return []


@pytest.fixture
def parent(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def dialog(parent, submitted):
    return DoctorDialog(parent, lambda make_job, on_event: submitted.append((make_job(), on_event)))


def test_it_opens_at_once_and_says_that_it_looks(dialog, submitted):
    dialog.look()
    assert dialog.isVisible()
    assert not dialog.isModal()
    assert "Looking at this machine" in dialog.text.toPlainText()
    assert not dialog.copy.isEnabled()
    dialog.look()
    assert [job for job, _ in submitted] == [DoctorJob()]


def test_report_can_be_selected_and_copied_but_not_edited(dialog, submitted):
    dialog.look()
    submitted[0][1](Finished("devices     cpu:0"))
    assert dialog.text.isReadOnly()
    assert dialog.text.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == "devices     cpu:0"
    assert dialog.copy.text() == "Copied"


def test_error_is_shown_and_the_next_look_asks_again(dialog, submitted):
    dialog.look()
    submitted[0][1](Failed("The worker process was ended.", details="a traceback"))
    assert dialog.text.toPlainText() == "The worker process was ended.\n\na traceback"
    dialog.look()
    assert len(submitted) == 2
    assert "Looking" in dialog.text.toPlainText()


def test_button_in_the_dock_shows_the_workers_report(viewer, dock, qtbot):
    dock.fields.doctor.native.click()
    text = dock.doctor.text
    qtbot.waitUntil(lambda: "by Keras to train" in text.toPlainText(), timeout=JOB_TIMEOUT_MS)
    assert "tensorflow" not in sys.modules
