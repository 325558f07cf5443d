"""How much memory this process may still take: what is free, and what it is allowed.

A container, a job of a cluster or an account often may take far less than the machine has free, and
a process that takes more is killed.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

_GROUPS = Path("/sys/fs/cgroup")
_MINE = Path("/proc/self/cgroup")
_FILES = {
    "": ("memory.max", "memory.current"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes"),
}
"""Limit and use of a control group of Linux, of the second version and of the first."""


def free_to_take() -> float:
    """Bytes that this process may take beside what it has."""
    free = float(psutil.virtual_memory().available)
    return max(0.0, min(free, *_left_of_groups(), _left_of_own()))


def _left_of_own() -> float:
    """What is left of the address space that the process itself may have."""
    if sys.platform == "win32":
        return math.inf
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return math.inf
    return float(limit - psutil.Process().memory_info().vms)


def _left_of_groups() -> Iterator[float]:
    """What is left of the limit of each control group that the process is in."""
    try:
        lines = _MINE.read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, kind, path = line.split(":", 2)
        if kind in _FILES:
            folder = _GROUPS / kind / path.lstrip("/")
            for group in (folder, *folder.parents):
                if group.is_relative_to(_GROUPS / kind):
                    yield _left_of(group, *_FILES[kind])


def _left_of(group: Path, limit: str, use: str) -> float:
    try:
        allowed, used, about = ((group / name).read_text() for name in (limit, use, "memory.stat"))
        files = re.search(r"^(?:total_)?inactive_file (\d+)", about, re.MULTILINE)
        # of its files the system forgets what it needs
        return int(allowed) - int(used) + (int(files[1]) if files else 0)
    except (OSError, ValueError):  # none of that name, seen from here; or without a limit ("max")
        return math.inf
