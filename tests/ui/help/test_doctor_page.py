"""The doctor's report, with the real worker and without."""

from __future__ import annotations

import sys

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication

from napari_emseg.engine.jobs import DoctorJob
from napari_emseg.types import Failed, Finished
from napari_emseg.ui.docking.our_docks import open_docks
from napari_emseg.ui.help.doctor_page import DoctorPage

JOB_TIMEOUT_MS = 90_000


@pytest.fixture
def submitted():
    """The jobs given to a worker that does nothing by itself."""
    return []


@pytest.fixture
def page(qtbot, submitted):
    page = DoctorPage(lambda make_job, on_event: submitted.append((make_job(), on_event)))
    qtbot.addWidget(page)
    return page


def test_it_looks_once_when_it_is_seen_and_again_when_asked(page, submitted):
    assert not submitted
    page.show()
    assert "Looking at this machine" in page.text.toPlainText()
    assert not page.copy.isEnabled()
    assert not page.again.isEnabled()
    page.look()
    assert [job for job, _ in submitted] == [DoctorJob()]
    submitted[0][1](Finished("devices     cpu:0"))
    page.hide()
    page.show()
    assert len(submitted) == 1
    page.again.click()
    assert len(submitted) == 2


def test_report_can_be_selected_and_copied_but_not_edited(page, submitted):
    page.look()
    submitted[0][1](Finished("devices     cpu:0"))
    assert page.text.isReadOnly()
    assert page.text.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard
    page.copy.click()
    assert QGuiApplication.clipboard().text() == "devices     cpu:0"
    assert page.copy.text() == "Copied"


def test_error_is_shown_and_the_next_look_asks_again(page, submitted):
    page.look()
    submitted[0][1](Failed("The worker process was ended.", details="a traceback"))
    assert page.text.toPlainText() == "The worker process was ended.\n\na traceback"
    page.look()
    assert len(submitted) == 2
    assert "Looking" in page.text.toPlainText()


def test_button_in_a_dock_shows_the_workers_report(viewer, dock, qtbot):
    dock.fields.doctor.native.click()
    text = dict(open_docks(viewer))["Help"].pages["Doctor"].text
    qtbot.waitUntil(lambda: "by Keras to train" in text.toPlainText(), timeout=JOB_TIMEOUT_MS)
    assert "tensorflow" not in sys.modules
