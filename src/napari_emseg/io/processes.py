"""Which process owns what lies on disk, so that two windows do not take it from each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psutil


def this_process() -> list[Any]:
    """What a file says of its owner: number and time of birth, since numbers are used again."""
    me = psutil.Process()
    return [me.pid, me.create_time()]


def is_alive(process: Sequence[Any] | None) -> bool:
    """Whether a process lives, and is not another one with the same number."""
    try:
        if process is None:
            return False
        return bool(psutil.Process(process[0]).create_time() == process[1])
    except (psutil.Error, TypeError, ValueError, LookupError):
        return False
