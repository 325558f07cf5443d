"""Whether memory, open files and threads stay flat, and the window answers, for as long as it runs.

Two parts, each in a napari of its own under whatever display there is. ``rounds`` opens a window,
segments a slice and closes it again, so many times; beside it stands what napari does by itself
with as many windows of the same layers. ``soak`` lets one window segment, paint, take back, train
and compare in turn for so many minutes, with a timer that ticks in between: how long the window's
thread was at work between two ticks is what a person would feel on a machine that does nothing
else. Growth is the slope of a line through the second half, when all is loaded. Run it with
``python benchmarks/bench_soak.py --minutes 60 --rounds 100``; without, it takes a few minutes.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from bench_window import Stalls, click_and_wait, wait_ms

MINUTES, ROUNDS = 2.0, 6
STALL_S = 0.2
OURS = ("MODELS", "CONFIG", "RUNS", "RECOVERY", "CACHE")
EPOCHS = 2


class Account:
    """What a process has after each round."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []
        self._begun = time.monotonic()

    def note(self) -> None:
        """A round is over."""
        gc.collect()
        process = psutil.Process()
        children = process.children(recursive=True)
        self.rows.append(
            {
                "minutes": (time.monotonic() - self._begun) / 60,
                "MiB": process.memory_info().rss / 2**20,
                "MiB of workers": sum(each.memory_info().rss for each in children) / 2**20,
                "handles": float(process.num_fds()),
                "threads": float(process.num_threads()),
                "processes": float(len(children)),
            }
        )
        print(json.dumps({name: round(value, 1) for name, value in self.rows[-1].items()}))

    def result(self) -> dict[str, object]:
        """First and last row, and the growth a round in the second half."""
        half = self.rows[len(self.rows) // 2 :]
        growth = {
            name: float(np.polyfit(range(len(half)), [row[name] for row in half], 1)[0])
            for name in self.rows[0]
            if name != "minutes" and len(half) > 2
        }
        return {"rounds": len(self.rows), "first": self.rows[0], "last": self.rows[-1],
                "growth a round": growth}  # fmt: skip


# -- open, segment, close ----------------------------------------------------------------------


def rounds(count: int, *, alone: bool) -> dict[str, object]:
    """Windows one after the other; ``alone`` with layers like ours, but nothing of ours."""
    import napari
    from qtpy.QtWidgets import QApplication

    account = Account()
    for _ in range(count):
        viewer = napari.Viewer(show=True)
        if alone:
            noise = np.random.default_rng(0).integers(0, 255, (8, 512, 512), np.uint8)
            viewer.add_image(noise)
            viewer.add_labels((noise > 99).astype(np.uint8))
            viewer.add_labels((noise > 99).astype(np.uint8))
            viewer.add_image(noise / np.float32(255), visible=False)
            wait_ms(500)
        else:
            viewer.open_sample("napari-emseg", "phantom")
            _, dock = viewer.window.add_plugin_dock_widget("napari-emseg", "Segment")
            ended: list[tuple[float, object]] = []
            dock.ended.connect(lambda event, ended=ended: ended.append((time.monotonic(), event)))
            click_and_wait(dock.buttons.current, ended)
            del dock
        viewer.close()
        del viewer
        for _ in range(5):
            QApplication.processEvents()
            wait_ms(50)
        account.note()
    if not alone:
        from napari_emseg.ui.background.job_runner import close_job_runner

        close_job_runner()
    return account.result()


# -- one window that works on and on -----------------------------------------------------------


def soak(minutes: float) -> dict[str, object]:
    """Segment, paint, train and compare in turn."""
    import napari

    from napari_emseg.ui.background.job_runner import close_job_runner

    viewer = napari.Viewer(show=True)
    viewer.open_sample("napari-emseg", "phantom")
    given, truth = {each.name for each in viewer.layers}, viewer.layers["phantom_labels"]
    docks = {
        name: viewer.window.add_plugin_dock_widget("napari-emseg", name)[1]
        for name in ("Segment", "Correct", "Train", "Compare")
    }
    for name, value in {"epochs": EPOCHS, "patch_size": 128, "validate_every": 1}.items():
        docks["Train"].model.train[name].value = value
    for name in ("depth", "base_filters"):
        docks["Train"].model.network[name].value = 2
    ended: dict[str, list[tuple[float, object]]] = {name: [] for name in ("Segment", "Train")}
    for name, events in ended.items():
        docks[name].ended.connect(
            lambda event, events=events: events.append((time.monotonic(), event))
        )
    account, stalls, above = Account(), Stalls(), []
    begun = time.monotonic()
    while not account.rows or time.monotonic() - begun < 60 * minutes:
        z = len(account.rows) % 8
        viewer.dims.set_current_step(0, z)
        stalls.enter("segment")
        click_and_wait(docks["Segment"].buttons.current, ended["Segment"])
        # by the model that ships in the first round, by the one that was trained later on
        mask = next(each for each in viewer.layers if each.name.endswith("] mask"))
        stalls.enter("paint and take back")
        for k in range(10):
            mask.paint((z, 40 * (k + 1), 200), 1 + k % 2)
            wait_ms(50)
        for _ in range(10):
            mask.undo()
            wait_ms(50)
        stalls.enter("compare")
        docks["Compare"].fields.prediction.value = mask
        docks["Compare"].fields.truth.value = truth
        truth.paint((z, 300, 300), 0)
        wait_ms(2000)
        truth.undo()
        stalls.enter("train")
        docks["Train"].model.name.value = "soak"
        click_and_wait(docks["Train"].run.start, ended["Train"])
        # what was painted on is not written over: the next round makes layers of its own
        while made := [each for each in viewer.layers if each.name not in given]:
            stalls.enter("remove a layer")
            viewer.layers.remove(made[0])  # others may go with it
            wait_ms(300)
        if account.rows:  # the first round compiles and opens what is opened once
            above.append({name: round(s, 3) for name, s in stalls.at_work.items() if s > STALL_S})
        stalls.at_work.clear()
        account.note()
    close_job_runner()
    viewer.close()
    return account.result() | {"rounds with work above 0.2 s": [each for each in above if each]}


# -- the parts ---------------------------------------------------------------------------------


def run_part(*arguments: str) -> dict[str, object]:
    """A part in a process of its own, with folders of its own; what it found."""
    with tempfile.TemporaryDirectory() as folder:
        own = {f"EMSEG_{name}_DIR": str(Path(folder, name.lower())) for name in OURS}
        command = [sys.executable, __file__, "--part", *arguments]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **own}
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(line, end="", flush=True)
        assert process.returncode == 0, process.returncode
        return json.loads(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--part", nargs="*", help="run this here: alone N, ours N, soak MINUTES")
    arguments = parser.parse_args()
    if arguments.part:
        part, amount = arguments.part
        found = (
            soak(float(amount)) if part == "soak"
            else rounds(int(amount), alone=part == "alone")
        )  # fmt: skip
        print(json.dumps(found))
        return
    for part, amount in (
        ("alone", arguments.rounds), ("ours", arguments.rounds), ("soak", arguments.minutes),
    ):  # fmt: skip
        print(f"== {part}")
        run_part(part, str(amount))


if __name__ == "__main__":
    main()
