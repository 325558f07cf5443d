"""Scripts that open napari with docks, and end in all ways in which a script can."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import napari
from qtpy.QtCore import QEventLoop, QTimer

def let_run(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()

end, *docks = sys.argv[1:]
viewer = napari.Viewer(show=True)
viewer.open_sample("napari-emseg", "phantom")
for name in docks:
    _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", name)
    if name == "Compare":  # whose views are left at the end
        dock.fields.truth.value = viewer.layers["phantom_labels"]
        dock.views.side.click()
let_run(2000)
assert "Compare" not in docks or viewer.canvas.grid.enabled
if end == "close":
    viewer.close()
elif end == "exit":
    sys.exit(0)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "docks"),
    [
        ("nothing", ["Segment", "Correct", "Train", "Compare", "Measure"]),
        ("nothing", ["Compare"]),
        ("nothing", ["Train"]),
        ("exit", ["Correct", "Compare"]),
        ("close", ["Segment", "Correct", "Train", "Compare", "Measure"]),
    ],
)
def test_nothing_is_said_when_a_script_ends(qapp, end, docks):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, end, *docks], capture_output=True, text=True, timeout=240
    )
    assert (done.returncode, done.stderr) == (0, "")
