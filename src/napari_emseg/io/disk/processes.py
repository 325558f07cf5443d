"""Which process owns what lies on disk, so that two windows do not take it from each other."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Any

_CLOCK_S = 2.0
"""Births are reckoned from the clock, which is set right now and then, in whole seconds."""


def this_process() -> list[Any]:
    """What a file says of its owner: number, time of birth, for numbers are used again, machine."""
    import psutil

    return [os.getpid(), psutil.Process().create_time(), platform.node()]


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
        return not has_ended and bool(abs(found.create_time() - process[1]) <= _CLOCK_S)
    except (psutil.Error, TypeError, ValueError, LookupError):
        return False


def is_here(process: Sequence[Any]) -> bool:
    """Whether a process is, or was, one of this machine."""
    return list(process[2:]) in ([], [platform.node()])
