"""The dock *Help*: first steps, keys, and what is used of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_emseg.engine.jobs import Job
from napari_emseg.types import Event
from napari_emseg.ui.background.job_runner import job_runner
from napari_emseg.ui.docking.dock_closed import WhenClosed
from napari_emseg.ui.docking.dock_tabs import TabWithOthers
from napari_emseg.ui.docking.focus_ring import FocusRing
from napari_emseg.ui.help.doctor_page import DoctorPage
from napari_emseg.ui.help.first_steps import FirstSteps
from napari_emseg.ui.help.keys_page import KeysPage
from napari_emseg.ui.widgets.scroll_page import TOP_PX

if TYPE_CHECKING:
    from collections.abc import Callable

    import napari.viewer


class HelpWidget(QWidget):
    """Three pages to read.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        Injected by napari, which looks for this very annotation.

    Attributes
    ----------
    pages : dict of str to QWidget
        By the title of their tab.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._jobs, self._tickets = job_runner(), list[int]()
        self.pages = {
            "First steps": FirstSteps(viewer),
            "Keys": KeysPage(),
            "Doctor": DoctorPage(self._submit),
        }
        self.tabs = QTabWidget()
        for title, page in self.pages.items():
            self.tabs.addTab(page, title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, TOP_PX, 0, 0)
        layout.addWidget(self.tabs)
        TabWithOthers(self)
        FocusRing(self)
        WhenClosed(self, self._close)

    def show_page(self, title: str) -> None:
        """Bring a page to the front, by the title of its tab."""
        self.tabs.setCurrentWidget(self.pages[title])

    def _submit(self, make_job: Callable[[], Job], on_event: Callable[[Event], None]) -> None:
        self._tickets.append(self._jobs.submit(make_job, on_event))

    def _close(self) -> None:
        for ticket in self._tickets:
            self._jobs.abandon(ticket)
