"""Work in a process of its own: what it loads, prints or breaks stays there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_LONGEST_S = 900.0


def run_in_subprocess(module: str, *arguments: Path) -> None:
    """Run ``python -m module`` to its end.

    Raises
    ------
    RuntimeError
        If it fails; with the last line that it wrote.
    """
    # -P: a file keras.py in the folder where we were started must not be imported
    command = [sys.executable, "-P", "-m", module, *map(str, arguments)]
    no_console = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows only
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_LONGEST_S,
            creationflags=no_console,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise RuntimeError(str(error)) from error
    if done.returncode:
        lines = done.stdout.strip().splitlines() or ["it said nothing"]
        raise RuntimeError(f"{lines[-1]} (exit status {done.returncode})")
