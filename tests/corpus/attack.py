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
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "io" / "formats")]

MOST_MEMORY, MOST_SECONDS = 640 * 2**20, 10
"""What a case may take beyond what the process had."""
_ADDRESS_SPACE = 12 * 2**30


def main(corpus: str, out: str) -> None:
    from make_bad_input import make

    from napari_emseg.io.formats import file_format

    faulthandler.enable()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    cases = make(Path(corpus))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    signal.signal(signal.SIGALRM, _too_long)
    with Path(out).open("w") as log:
        for lazy in (False, True):
            file_format.LAZY_BYTES = 0 if lazy else 256 * 2**20
            for number, (name, path) in enumerate(cases.items()):
                print(json.dumps({"begun": name, "lazy": lazy}), file=log, flush=True)
                aim = Path(corpus) / f"out-{lazy}-{number}.npy"
                print(json.dumps(_tried(name, path, aim) | {"lazy": lazy}), file=log, flush=True)


def _tried(name: str, path: Path, aim: Path) -> dict[str, Any]:
    from napari_emseg.errors import EmsegError

    before, start = _memory(reset=True), time.perf_counter()
    found: dict[str, Any] = {"name": name}
    signal.alarm(MOST_SECONDS)
    try:
        found["result"] = _read_and_convert(path, aim)
    except EmsegError as error:
        found["error"] = str(error)
        found["left"] = aim.exists()
    except BaseException as error:  # noqa: BLE001 - this is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        ours = [each for each in traceback.extract_tb(error.__traceback__) if "napari_emseg" in each.filename]
        where = ours[-1] if ours else last
        found["fault"] = f"{type(error).__name__}: {error} at {where.filename}:{where.lineno}"
    finally:
        signal.alarm(0)
    found["seconds"] = time.perf_counter() - start
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


def _memory(*, reset: bool = False) -> int:
    """The greatest memory since the last reset, in bytes."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    said = Path("/proc/self/status").read_text()
    return int(said.partition("VmHWM:")[2].split()[0]) * 1024


class _TooLongError(BaseException):
    """No error that anybody catches."""


def _too_long(*_: object) -> None:
    raise _TooLongError(f"longer than {MOST_SECONDS} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
