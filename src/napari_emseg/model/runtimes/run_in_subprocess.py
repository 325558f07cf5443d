"""Work in a process of its own: what it loads, prints or breaks stays there."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

_LONGEST_S = 900.0


def run_in_subprocess(module: str, *arguments: Path) -> None:
    """Run ``python -m module`` to its end; one that calls `end_with_parent` ends with us.

    Raises
    ------
    RuntimeError
        If it fails; with the last line that it wrote.
    """
    # -P: a file keras.py in the folder where we were started must not be imported
    command = [sys.executable, "-P", "-m", module, *map(str, arguments)]
    no_console = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows only
    theirs, ours = os.pipe()
    try:
        done = subprocess.run(
            command,
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_LONGEST_S,
            creationflags=no_console,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RuntimeError(str(error)) from error
    finally:
        os.close(theirs)
        os.close(ours)
    if done.returncode:
        lines = done.stdout.strip().splitlines() or ["it said nothing"]
        raise RuntimeError(f"{lines[-1]} (exit status {done.returncode})")


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended.

    Its end of the pipe to our standard input is closed then. The main thread may be deep in a
    computation, so it is not asked.
    """
    threading.Thread(target=_wait_for_the_end, name="parent", daemon=True).start()


def _wait_for_the_end() -> None:
    os.read(0, 1)  # not of `sys.stdin`, which Python could not close then at a regular end
    os._exit(1)
