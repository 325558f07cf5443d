"""How long the window hangs while a person segments for the first time.

A fresh napari opens the phantom and the dock *Segment*, then *Current slice* is clicked. A timer of
the event loop ticks every few milliseconds; the longest time between two ticks is how long the
window did not answer. Run it with ``make bench`` or ``python benchmarks/bench_window.py``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 5
TICK_MS = 5
LIMIT_S = 0.2
SETTLE_MS = 1500
"""Time after the mask has arrived in which drawing it still counts."""


class Stalls:
    """The longest time between two ticks of a timer, by phase."""

    def __init__(self) -> None:
        from qtpy.QtCore import QTimer

        self.longest: dict[str, float] = {}
        self.phase = "start"
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now = time.perf_counter()
        stall = now - self._last - TICK_MS / 1000
        self.longest[self.phase] = max(self.longest.get(self.phase, 0.0), stall)
        self._last = now

    def enter(self, phase: str) -> None:
        """Count for another phase from now on; what came before is left out."""
        self._last = time.perf_counter()
        self.phase = phase


def wait_ms(milliseconds: int) -> None:
    """Let the event loop run."""
    from qtpy.QtTest import QTest

    QTest.qWait(milliseconds)


def one_run() -> dict[str, float]:
    """Open napari, click, and measure; seconds by name."""
    import napari

    viewer = napari.Viewer(show=True)
    viewer.open_sample("napari-emseg", "phantom")
    viewer.layers["phantom_labels"].visible = False
    wait_ms(SETTLE_MS)
    stalls = Stalls()
    stalls.enter("open dock")
    _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
    ended: list[tuple[float, object]] = []
    dock.ended.connect(lambda event: ended.append((time.perf_counter(), event)))
    wait_ms(50)
    stalls.enter("click to mask")
    times = {"first click to mask": click_and_wait(dock.buttons.current, ended)}
    stalls.enter("second click to mask")
    viewer.dims.set_current_step(0, 0)
    times["second click to mask"] = click_and_wait(dock.buttons.current, ended)
    stalls.enter("whole stack")
    times["whole stack of 8 slices"] = click_and_wait(dock.buttons.whole, ended)
    assert "tensorflow" not in sys.modules
    viewer.close()
    return {**{f"hang, {phase}": stall for phase, stall in stalls.longest.items()}, **times}


def click_and_wait(button, ended: list[tuple[float, object]]) -> float:
    """Click, wait for the end and until all is drawn; gives the seconds from click to end."""
    before, clicked = len(ended), time.perf_counter()
    button.native.click()
    while len(ended) == before:
        wait_ms(20)
    at, event = ended[-1]
    assert type(event).__name__ == "Finished", event
    wait_ms(SETTLE_MS)
    return at - clicked


def main() -> None:
    """Several fresh processes; prints the median and the worst."""
    if "--one" in sys.argv:
        print(json.dumps(one_run()))
        return
    runs = []
    for _ in range(RUNS):
        command = [sys.executable, __file__, "--one"]
        with tempfile.TemporaryDirectory() as folder:  # not as a person left the fields
            own = {**os.environ, "EMSEG_CONFIG_DIR": folder}
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=own)
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{RUNS} fresh starts of napari; limit of a hang {LIMIT_S:.1f} s")
    for name in runs[0]:
        times = [run[name] for run in runs]
        print(f"  {name:28s} median {statistics.median(times):6.3f} s  worst {max(times):6.3f} s")


if __name__ == "__main__":
    from contextlib import nullcontext

    if os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        display = nullcontext()
    else:
        from pyvirtualdisplay import Display

        display = Display(backend="xvfb", size=(1600, 1000))
    with display:
        main()
