"""How long the window hangs while a person segments, or trains, for the first time.

A fresh napari opens the phantom and the dock *Segment*, then *Current slice* is clicked; another
opens the dock *Train*, shows augmented patches and trains a small network; three more show 27 ISBI
slices, one with our cells, views of *Compare* and the way back of *Retrain*, one as a project that
is opened, the last with what napari does by itself for such layers, all with nothing compiled yet
by numba. A timer of the event loop ticks every few milliseconds; the longest time between two ticks
is how long the window did not answer. Beside it stand how long the window's thread was at work,
which hardly depends on what else the machine does, and what napari takes to add and remove layers
by itself. Run it with ``make bench`` or ``python benchmarks/bench_window.py``; ``--project`` and
its like run one part once, and ``--trace`` says what ran in the hangs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
from isbi import isbi_slices, require_isbi

RUNS = 5
PREVIEWS = 5
SLICES = 27
TICK_MS = 5
LIMIT_S = 0.1
TRACED = 5
"""Stacks that are printed of each phase's longest hang."""
OF_ISBI = {"--look", "--project", "--alone"}
DOCKS = ("Segment", "Correct", "Train", "Compare", "Measure")
SETTLE_MS = 1500
"""Time after the mask has arrived in which drawing it still counts."""


class Stalls:
    """The longest time between two ticks, by phase, and the longest work of the window's thread."""

    def __init__(self) -> None:
        from qtpy.QtCore import QTimer

        self.longest: dict[str, float] = {}
        self.at_work: dict[str, float] = {}
        self._traces: dict[str, Counter[str]] = {}
        self._sampler = Sampler()
        self.enter("start")
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def enter(self, phase: str) -> None:
        """Count for another phase from now on; what came before is left out."""
        self.phase = phase
        self._begin()

    def _begin(self) -> None:
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._sampler.take()

    def _tick(self) -> None:
        stall = time.perf_counter() - self._last - TICK_MS / 1000
        worked = time.thread_time() - self._worked
        self.longest[self.phase] = max(self.longest.get(self.phase, 0.0), stall)
        if worked > self.at_work.get(self.phase, 0.0):
            self.at_work[self.phase] = worked
            self._traces[self.phase] = self._sampler.take()
        self._begin()

    def result(self) -> dict[str, float]:
        """Seconds by name; prints what was traced."""
        for phase, stacks in self._traces.items():
            print(f"{phase}: {self.at_work[phase]:.3f} s at work")
            for stack, times in stacks.most_common(TRACED):
                print(f"  {times:3d} samples: {stack}")
        hangs = {f"hang, {phase}": stall for phase, stall in self.longest.items()}
        return hangs | {f"at work, {phase}": worked for phase, worked in self.at_work.items()}


class Sampler:
    """Where the window's thread is, every few milliseconds; with ``--trace`` alone."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._window = threading.get_ident()
        if "--trace" in sys.argv:
            threading.Thread(target=self._sample, daemon=True).start()

    def take(self) -> Counter[str]:
        """How often each stack was seen since the last time."""
        seen, self._seen = self._seen, []
        return Counter(seen)

    def _sample(self) -> None:
        while True:
            time.sleep(TICK_MS / 1000)
            frame, calls = sys._current_frames().get(self._window), []
            while frame is not None:
                ours = "napari_emseg" in frame.f_code.co_filename
                if ours or not calls:  # the innermost, and what of ours has called it
                    name = frame.f_code.co_filename.rpartition(os.sep)[2]
                    calls.append(f"{name}:{frame.f_lineno} {frame.f_code.co_name}")
                frame = frame.f_back
            self._seen.append(" < ".join(calls))


def wait_ms(milliseconds: int) -> None:
    """Let the event loop run, as it does in napari: QTest.qWait sleeps in between."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def segment_once() -> dict[str, float]:
    """Open napari, segment, and measure; seconds, and one ratio, by name."""
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
    stalls.enter("next clicks to masks")
    drawn: list[float] = []
    viewer.layers["phantom [default] mask"].events.set_data.connect(
        lambda: drawn.append(time.perf_counter())
    )
    warm = []
    for z in (0, 1, 2, 3, 5):
        viewer.dims.set_current_step(0, z)
        wait_ms(SETTLE_MS // 3)
        drawn.clear()
        clicked = time.perf_counter()
        click_and_wait(dock.buttons.current, ended)
        warm.append(drawn[0] - clicked)
    times["click to mask, warm"] = statistics.median(warm)
    stalls.enter("whole stack")
    times["whole stack of 8 slices"] = click_and_wait(dock.buttons.whole, ended)
    assert "tensorflow" not in sys.modules
    data = viewer.layers["phantom"].data
    viewer.close()
    times["bare prediction of a slice"] = bare_seconds(data)
    times["click over bare prediction"] = (
        times["click to mask, warm"] / times["bare prediction of a slice"]
    )
    return stalls.result() | times


def bare_seconds(data: np.ndarray) -> float:
    """What the worker's own predictor takes for a slice, here, with nothing around it."""
    from napari_emseg.model.packages.library import find_model
    from napari_emseg.model.predict.predictor import Predictor

    predict = Predictor.of(find_model("default"))
    seconds = []
    for image in data:
        begun = time.perf_counter()
        predict(image[np.newaxis])
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


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


def train_once() -> dict[str, float]:
    """Open napari, look at augmented patches, train, and measure; seconds by name."""
    import napari

    viewer = napari.Viewer(show=True)
    viewer.open_sample("napari-emseg", "phantom")
    wait_ms(SETTLE_MS)
    stalls = Stalls()
    stalls.enter("napari alone adds two layers")
    alone = np.zeros((512, 512), np.uint8)
    layers = viewer.add_image(alone), viewer.add_labels(alone)
    wait_ms(SETTLE_MS)
    stalls.enter("napari alone removes one")
    viewer.layers.remove(layers[0])
    wait_ms(SETTLE_MS)
    viewer.layers.remove(layers[1])
    wait_ms(SETTLE_MS)
    stalls.enter("napari alone adds another image")
    viewer.add_image(alone, name="alone")
    wait_ms(SETTLE_MS)
    stalls.enter("napari alone removes it")
    viewer.layers.remove("alone")
    wait_ms(SETTLE_MS)
    stalls.enter("open dock Train")
    _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Train")
    wait_ms(SETTLE_MS)
    stalls.enter("pages of Train, unfolded")
    unfold_all(dock)
    stalls.enter("first preview of patches")
    panel, shown = dock.augmentation, show_times(viewer)
    times = {"first preview of 8 patches": seconds_to(shown, panel.preview.native.click)}
    stalls.enter("next previews")
    times["other 8 patches of 256 px"] = statistics.median(
        seconds_to(shown, panel.again.native.click) for _ in range(PREVIEWS)
    )
    stalls.enter("remove the preview")
    panel.remove.native.click()
    wait_ms(SETTLE_MS)
    stalls.enter("training")
    for name, value in {"epochs": 6, "patch_size": 128, "validate_every": 1}.items():
        dock.model.train[name].value = value
    dock.model.network["depth"].value = dock.model.network["base_filters"].value = 2
    ended: list[tuple[float, object]] = []
    dock.ended.connect(lambda event: ended.append((time.perf_counter(), event)))
    times["training of 6 epochs"] = click_and_wait(dock.run.start, ended)
    assert "tensorflow" not in sys.modules
    viewer.close()
    return stalls.result() | times


def isbi_stack() -> tuple[np.ndarray, np.ndarray]:
    """Grey values and labels of the slices, both uint8."""
    grey, labels = isbi_slices(range(SLICES))
    return (grey * 255).astype(np.uint8), (labels > 0).astype(np.uint8)


def look_once() -> dict[str, float]:
    """Segment cells, look at them in *Compare*, go back from a retraining; seconds by name."""
    import napari

    viewer = napari.Viewer(show=True)
    grey, labels = isbi_stack()
    viewer.add_image(grey, name="isbi")
    truth = viewer.add_labels(labels, name="truth")
    _, segment = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
    ended: list[tuple[float, object]] = []
    segment.ended.connect(lambda event: ended.append((time.perf_counter(), event)))
    click_and_wait(segment.buttons.current, ended)
    stalls = Stalls()
    stalls.enter("first cells")
    segment.fields.result.value = "cells"
    wait_ms(4 * SETTLE_MS)
    stalls.enter("cells of all slices")
    click_and_wait(segment.buttons.whole, ended)
    stalls.enter("open dock Compare")
    _, compare = viewer.window.add_plugin_dock_widget("napari-emseg", "Compare")
    compare.fields.prediction.value = viewer.layers["isbi [default] probability"]
    compare.fields.truth.value = truth
    wait_ms(2 * SETTLE_MS)
    for view, button in {"Side by side": compare.views.side, "Blink": compare.views.blink}.items():
        for phase in (view, f"{view}, left"):
            stalls.enter(phase)
            button.click()
            wait_ms(2 * SETTLE_MS)
    stalls.enter("another prediction compared")
    compare.fields.prediction.value = viewer.layers["isbi [default] cells"]
    wait_ms(2 * SETTLE_MS)
    stalls.enter("open dock Correct")
    _, correct = viewer.window.add_plugin_dock_widget("napari-emseg", "Correct")
    wait_ms(SETTLE_MS)
    stalls.enter("a retraining is shown")
    end_round(segment.prediction, correct.retrain.session)
    wait_ms(2 * SETTLE_MS)
    stalls.enter("Revert")
    correct.retrain.revert.native.click()
    wait_ms(2 * SETTLE_MS)
    viewer.close()
    return stalls.result()


def open_project_once() -> dict[str, float]:
    """Save stack, prediction, cells and docks, and open them in another window; seconds by name."""
    import napari
    from skimage.measure import label

    from napari_emseg.io.layer_metadata import LayerMetadata
    from napari_emseg.ui.project.commands import project_of

    def about(kind: str) -> dict[str, object]:
        return LayerMetadata(source="isbi", model="/models/default", kind=kind, made=2.0).stored()

    first = napari.Viewer(show=True)
    grey, labels = isbi_stack()
    first.add_image(grey, name="isbi")
    first.add_image(
        grey / np.float32(255), name="isbi [default] probability", metadata=about("probability")
    )
    first.add_labels(labels, name="isbi [default] mask", metadata=about("mask"))
    cells = label(labels, connectivity=1).astype(np.uint32)
    first.add_labels(cells, name="isbi [default] cells", metadata=about("cells"))
    for name in DOCKS:
        first.window.add_plugin_dock_widget("napari-emseg", name)
    wait_ms(2 * SETTLE_MS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "work.emseg"
        project_of(first).save(path)
        project_of(first).session.wait()
        wait_ms(SETTLE_MS)
        first.close()
        second = napari.Viewer(show=True)
        wait_ms(SETTLE_MS)
        opened: list[float] = []
        project_of(second).session.opened.connect(lambda _: opened.append(time.perf_counter()))
        stalls = Stalls()
        stalls.enter("open a project")
        begun = time.perf_counter()
        second.open(path, plugin="napari-emseg")
        while not opened:
            wait_ms(20)
        wait_ms(2 * SETTLE_MS)
    second.close()
    return stalls.result() | {"a project of four layers and four docks": opened[0] - begun}


def end_round(before, session) -> None:
    """Leave all as a retraining leaves it, which nobody waits for here: as if it taught nothing."""
    from napari_emseg.session.prediction.prediction import Prediction
    from napari_emseg.session.retrain.round import CorrectedStack, Round

    after = Prediction(before._image, before.package, session._jobs.scratch, session._executor)
    after.probability[:] = before.probability
    after.apply(*before.rules)
    after.add_layer()
    for z in range(SLICES):
        after.accept(z)
    wait_ms(4 * SETTLE_MS)
    now = Round(CorrectedStack(before._image, None, ()), before.package, before, None)
    now.model, now.after = before.package, after
    session._show(now, "as if", np.ones(before.mask.shape, np.uint8))


def alone_once() -> dict[str, float]:
    """What napari does by itself for such layers; seconds by name."""
    import napari

    viewer = napari.Viewer(show=True)
    grey, labels = isbi_stack()
    viewer.add_image(grey)
    viewer.add_labels(labels)
    wait_ms(SETTLE_MS)
    stalls = Stalls()

    def measure(phase: str, act) -> object:
        stalls.enter(f"napari alone {phase}")
        made = act()
        wait_ms(SETTLE_MS)
        return made

    ids = labels.astype(np.uint32)
    first = measure("adds the first labels of 32 bits", lambda: viewer.add_labels(ids))
    measure("adds more of them", lambda: viewer.add_labels(ids.copy()))
    measure("adds an image of floats", lambda: viewer.add_image(grey / np.float32(255)))
    measure("turns its grid on", lambda: setattr(viewer.canvas.grid, "enabled", True))
    measure("turns its grid off", lambda: setattr(viewer.canvas.grid, "enabled", False))
    for layer in viewer.layers[:3]:
        layer.name_overlay.visible = True
    wait_ms(SETTLE_MS)
    measure("turns it on, three names", lambda: setattr(viewer.canvas.grid, "enabled", True))
    measure("turns it off, three names", lambda: setattr(viewer.canvas.grid, "enabled", False))
    measure("closes an eye", lambda: setattr(first, "visible", False))
    measure("removes a labels layer", lambda: viewer.layers.remove(first))
    viewer.close()
    return stalls.result()


def unfold_all(dock) -> None:
    """Look at every page, and at all that is folded away on it."""
    from superqt import QCollapsible

    for k in (1, 2, 3, 0):
        dock.tabs.setCurrentIndex(k)
        wait_ms(SETTLE_MS // 3)
        for section in dock.tabs.currentWidget().findChildren(QCollapsible):
            section.toggleButton().click()
            wait_ms(SETTLE_MS // 3)


def show_times(viewer) -> list[float]:
    """The moments at which patches are shown, as they come: the mask is their last layer."""
    shown: list[float] = []

    def note() -> None:
        shown.append(time.perf_counter())

    def note_new(event) -> None:
        if event.value.name == "Augmented mask":
            note()
            event.value.events.set_data.connect(note)

    viewer.layers.events.inserted.connect(note_new)
    return shown


def seconds_to(shown: list[float], click) -> float:
    """Click, wait until patches are shown and drawn; gives the seconds from click to shown."""
    before, clicked = len(shown), time.perf_counter()
    click()
    while len(shown) == before:
        wait_ms(5)
    wait_ms(SETTLE_MS // 3)
    return shown[-1] - clicked


def main() -> None:
    """Several fresh processes for each dock; prints the median and the worst."""
    once = {
        "--segment": segment_once, "--train": train_once,
        "--look": look_once, "--project": open_project_once, "--alone": alone_once,
    }  # fmt: skip
    if chosen := [name for name in once if name in sys.argv]:
        print(json.dumps(once[chosen[0]]()))
        return
    print(f"{RUNS} fresh starts of napari for each part, seconds; limit of a hang {LIMIT_S:.1f}")
    for name in once:
        if name in OF_ISBI:
            require_isbi()
        report([sys.executable, __file__, name, *({"--trace"} & {*sys.argv})])


def report(command: list[str]) -> None:
    """Run a command several times; prints the median and the worst of what it measures."""
    runs = []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:  # not as a person left the fields
            own = {f"EMSEG_{what}_DIR": f"{folder}/{what}" for what in ("CONFIG", "MODELS", "RUNS")}
            if OF_ISBI & {*command}:
                own["NUMBA_CACHE_DIR"] = f"{folder}/numba"
            own["PYTHONDONTWRITEBYTECODE"] = ""  # compiled once, as an installed package is
            done = subprocess.run(
                command, capture_output=True, text=True, check=True, env=os.environ | own
            )
        *trace, result = done.stdout.splitlines()
        print(*trace, sep="\n", end="\n" if trace else "")
        runs.append(json.loads(result))
    for name in runs[0]:
        times = [run[name] for run in runs]
        print(f"  {name:44s} median {statistics.median(times):6.3f}  worst {max(times):6.3f}")


if __name__ == "__main__":
    from contextlib import nullcontext

    if os.environ.get("DISPLAY") or not sys.platform.startswith("linux"):
        display = nullcontext()
    else:
        from pyvirtualdisplay import Display

        display = Display(backend="xvfb", size=(1600, 1000))
    with display:
        main()
