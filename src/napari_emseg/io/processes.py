"""Which process owns what lies on disk, so that two windows do not take it from each other."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

import psutil


def this_process() -> list[Any]:
    """What a file says of its owner: number, time of birth, for numbers are used again, machine."""
    me = psutil.Process()
    return [me.pid, me.create_time(), platform.node()]


def is_alive(process: Sequence[Any] | None) -> bool:
    """Whether a process lives, and is not another one with the same number.

    One on another machine, with which the folder is shared, is taken to live: nobody here can tell.
    """
    if not process:
        return False
    if list(process[2:]) not in ([], [platform.node()]):
        return True
    try:
        return bool(psutil.Process(process[0]).create_time() == process[1])
    except (psutil.Error, TypeError, ValueError, LookupError):
        return False
