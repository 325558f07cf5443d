"""Which process owns what lies on disk, so that two windows do not take it from each other."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

TAG = "[0-9a-f]+-[0-9a-f]+-[0-9a-f]{8}"
"""What a `tag` looks like."""

_PARTS = 100
"""Of a second, which Linux counts births in."""
_CLOCK_S = 2.0
"""Births that are reckoned from the clock, which is set right now and then, in whole seconds."""


def this_process() -> list[Any]:
    """What a file says of its owner: number, birth, for numbers are used again, and machine.

    The birth is in seconds: since the machine was started where the system says so (Linux), since
    1970 elsewhere.
    """
    born = _born_after_start(os.getpid())
    if born is None:
        import psutil

        born = psutil.Process().create_time()
    return [os.getpid(), born, platform.node()]


def tag() -> str:
    """Letters for a name that tell this process from all others."""
    number, born, machine = this_process()
    return f"{number:x}-{round(born * _PARTS):x}-{crc32(machine.encode()):08x}"


def has_ended(tag: str) -> bool:
    """Whether the process of a `tag` was one of this machine, and is gone."""
    if not re.fullmatch(TAG, tag):
        return False
    number, born, machine = (int(part, 16) for part in tag.split("-"))
    return machine == crc32(platform.node().encode()) and not is_alive([number, born / _PARTS])


def is_alive(process: Sequence[Any] | None) -> bool:
    """Whether a process lives, and is not another one with the same number.

    One on another machine, with which the folder is shared, is taken to live: nobody here can tell.
    """
    import psutil

    if not process:
        return False
    if not is_here(process):
        return True
    try:
        found = psutil.Process(process[0])
        # one that has ended keeps its number until whoever started it asks
        has_ended = found.status() == psutil.STATUS_ZOMBIE
        if has_ended:
            return False
        if process[1] == _born_after_start(process[0]):
            return True
        return bool(abs(found.create_time() - process[1]) <= _CLOCK_S)
    except (psutil.Error, TypeError, ValueError, LookupError):
        return False


def is_here(process: Sequence[Any]) -> bool:
    """Whether a process is, or was, one of this machine."""
    return list(process[2:]) in ([], [platform.node()])


def _born_after_start(number: int) -> float | None:
    """Seconds from the start of the machine to that of a process; None where nobody says so.

    On Linux psutil adds when the machine was started, which jumps with the clock: after that, a
    living process would be taken for another.
    """
    try:
        stat = Path(f"/proc/{number}/stat").read_text(errors="replace")
        ticks = int(stat.rpartition(")")[2].split()[19])  # the name before may hold anything
        return ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, LookupError):
        return None
