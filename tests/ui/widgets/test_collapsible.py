"""What is folded away is made when it is asked for."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QPushButton

from napari_emseg.ui.train.augmentation_form import AugmentationPanel
from napari_emseg.ui.widgets.collapsible import Folded
from napari_emseg.ui.widgets.scroll_page import Page


def test_it_is_made_once_when_it_is_unfolded_first(qtbot):
    made = []

    def make():
        made.append(QLabel("one line\nand another"))
        return made[-1]

    section = Folded("More", make)
    qtbot.addWidget(section)
    section.show()
    assert made == []
    line = section.findChild(QPushButton)
    line.click()
    qtbot.waitUntil(lambda: made[0].visibleRegion().boundingRect().height() == made[0].height())
    assert made[0].height() >= made[0].sizeHint().height()
    line.click()
    qtbot.waitUntil(lambda: made[0].visibleRegion().isEmpty())
    section.expand()
    assert len(made) == 1


def test_the_fields_of_the_augmentation_come_after_the_dock(qtbot):
    panel = AugmentationPanel()
    qtbot.addWidget(panel)
    assert "settings" not in vars(panel)
    qtbot.waitUntil(lambda: "settings" in vars(panel))


def test_a_page_grows_with_what_is_unfolded_on_it(qtbot):
    """It scrolls downwards only: what is wider than the page could not be reached."""
    wide = QLabel("wide")
    wide.setMinimumWidth(500)
    section = Folded("More", lambda: wide)
    page = Page(section)
    qtbot.addWidget(page)
    page.show()
    assert page.minimumSizeHint().width() < 500
    section.expand()
    qtbot.waitUntil(lambda: page.minimumSizeHint().width() > 500)
