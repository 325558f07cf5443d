"""Gives every case of the corpus to the reader and to convert, in one process under limits.

Run as ``python attack.py CORPUS OUT``, it writes a line of JSON for each; what it is doing stands
in its last line where it is killed.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "io" / "formats")]

MOST_MEMORY, MOST_SECONDS = 640 * 2**20, 15
"""What a case may take beyond what the process had, and processor time."""
_LONGEST_WAIT_S = 90
"""Of a case that waits for something that does not come, on a machine that is busy."""
_USED = ("values", "whole")
"""Cases that are predicted, scored and measured, too."""
_ADDRESS_SPACE = 12 * 2**30


def main(corpus: str, out: str) -> None:
    from make_bad_input import make

    from napari_emseg.io.formats import file_format

    faulthandler.enable()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    cases = make(Path(corpus))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    for each in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(each, _too_long)
    with Path(out).open("w") as log:
        for lazy in (False, True):
            file_format.LAZY_BYTES = 0 if lazy else 256 * 2**20
            for number, (name, path) in enumerate(cases.items()):
                print(json.dumps({"begun": name, "lazy": lazy}), file=log, flush=True)
                aim = Path(corpus) / f"out-{lazy}-{number}.npy"
                print(
                    json.dumps(_tried(name, path, aim, lazy=lazy) | {"lazy": lazy}),
                    file=log,
                    flush=True,
                )


def _tried(name: str, path: Path, aim: Path, *, lazy: bool) -> dict[str, Any]:
    from napari_emseg.errors import EmsegError

    before, start = _memory(reset=True), time.process_time()
    found: dict[str, Any] = {"name": name}
    signal.alarm(_LONGEST_WAIT_S)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        found["result"] = _read_and_convert(path, aim)
        if name.startswith(_USED) and not lazy:
            found["uses"] = _uses(path)
    except EmsegError as error:
        found["error"] = str(error)
        found["left"] = aim.exists()
    except BaseException as error:  # noqa: BLE001 - this is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        ours = [
            each
            for each in traceback.extract_tb(error.__traceback__)
            if "napari_emseg" in each.filename
        ]
        where = ours[-1] if ours else last
        found["fault"] = f"{type(error).__name__}: {error} at {where.filename}:{where.lineno}"
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    found["seconds"] = time.process_time() - start
    found["memory"] = _memory() - before
    return found


def _read_and_convert(path: Path, aim: Path) -> str:
    from napari_emseg.io.convert import convert
    from napari_emseg.io.read import read_stack

    stack = read_stack(path)
    for z in {0, len(stack) // 2, len(stack) - 1}:
        assert stack.slice(z).shape == stack.shape[1:]
    if len(stack) * stack.shape[1] * stack.shape[2] < 2**24:
        convert(path, aim)
        assert read_stack(aim, raw_values=True).shape == stack.shape
    return repr(stack)


class _StandIn:
    """A network that says 0.25 everywhere."""

    name, device, tile_size, maps = "stand-in", "cpu:0", 64, 1.0

    def __call__(self, tiles: Any) -> Any:
        return np.full((*tiles.shape[:3], 1), 0.25, np.float32)


def _uses(path: Path) -> dict[str, str]:
    """What becomes of a stack where it is predicted, made cells of, scored and measured."""
    import napari_emseg as em
    from napari_emseg.core.config.network import NetworkConfig
    from napari_emseg.core.config.prediction import PredictConfig
    from napari_emseg.model.predict.predict import predict_slice

    stack = em.read_stack(path)
    if stack.shape[0] > 10:
        return {}
    network, config = NetworkConfig(depth=2), PredictConfig()

    def predict() -> str:
        found = predict_slice(stack.slice(0)[None], _StandIn(), network, config)
        assert found.shape == (*stack.shape[1:], 1)
        assert ((found >= 0) & (found <= 1)).all()
        return "predicted"

    truth = np.ones(stack.shape, np.uint8)
    truth[:, ::5] = 0
    labels = stack.with_data(np.nan_to_num(np.asarray(stack.data, np.float64)).astype(np.uint16))
    tries: dict[str, Callable[[], Any]] = {
        "predict": predict,
        "cells": lambda: em.cells(stack),
        "evaluate": lambda: em.evaluate(stack, truth),
        "evaluate labels": lambda: em.evaluate(truth, stack),
        "measure": lambda: em.measure(stack),
        "measure labels": lambda: em.measure(labels, image=stack),
    }
    return {use: _outcome(act) for use, act in tries.items()}


def _outcome(act: Callable[[], Any]) -> str:
    from napari_emseg.errors import EmsegError

    try:
        act()
    except EmsegError as error:
        return str(error)
    return "done"


def _memory(*, reset: bool = False) -> int:
    """The greatest memory since the last reset, in bytes."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    said = Path("/proc/self/status").read_text()
    return int(said.partition("VmHWM:")[2].split()[0]) * 1024


class _TooLongError(BaseException):
    """No error that anybody catches."""


def _too_long(*_: object) -> None:
    raise _TooLongError(f"longer than {MOST_SECONDS} s, or {_LONGEST_WAIT_S} s of waiting")


if __name__ == "__main__":
    main(*sys.argv[1:])
