"""The first minutes of a person with our docks, in a process of its own.

``python first_minutes.py FOLDER``. The last line that it prints says as JSON what was met.
"""

from __future__ import annotations

import json
import sys

import napari
from napari.utils.notifications import notification_manager
from person import PLUGIN, wait
from qtpy.QtCore import QLocale, Qt
from qtpy.QtTest import QTest

from napari_emseg.ui.background.job_runner import close_job_runner

DOCKS = ("Segment", "Correct", "Train", "Compare", "Measure")


def main() -> dict[str, object]:
    """Open all docks, segment a slice, paint, set a field by typing."""
    said: list[str] = []
    notification_manager.notification_ready.connect(lambda each: said.append(each.message))
    viewer = napari.Viewer(show=True)
    viewer.open_sample(PLUGIN, "phantom")
    docks = {name: viewer.window.add_plugin_dock_widget(PLUGIN, name)[1] for name in DOCKS}
    threshold = docks["Train"].model.train["val_fraction"]
    before = threshold.value
    ended: list[object] = []
    docks["Segment"].ended.connect(ended.append)
    docks["Segment"].buttons.current.native.click()
    wait(lambda: bool(ended), 200)
    mask = next(layer for layer in viewer.layers if layer.name.endswith("] mask"))
    segmented = type(ended[0]).__name__ == "Finished" and bool(mask.data.any())
    mask.paint((0, 20, 20), 1 - int(mask.data[0, 20, 20]))
    QTest.qWait(3000)
    point = QLocale().decimalPoint()
    box = threshold.native
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, f"0{point}35")
    QTest.keyClick(box, Qt.Key.Key_Tab)
    QTest.qWait(1500)
    close_job_runner()
    viewer.close()
    return {
        "segmented": segmented, "said": said, "decimal": point, "typed": threshold.value,
        "remembered": before,
    }  # fmt: skip


if __name__ == "__main__":
    told = main()
    sys.stdout.write(json.dumps(told) + "\n")
