"""The memory of processes at its highest."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psutil


def resident(process: psutil.Process) -> int:
    """Bytes that a process has in memory."""
    return int(process.memory_info().rss)


def own(process: psutil.Process) -> int:
    """The same without what it maps of files, such as temporary ones; Linux tells it apart.

    The system takes that back where others need the memory.
    """
    memory = process.memory_info()
    return int(memory.rss - getattr(memory, "shared", 0))


class Peak:
    """Watches processes, by name and number, within a ``with``; MiB of each at its highest."""

    def __init__(
        self, measure: Callable[[psutil.Process], int] = resident, **processes: int
    ) -> None:
        self._measure = measure
        self._processes = {name: psutil.Process(pid) for name, pid in processes.items()}
        self.mib = dict.fromkeys(processes, 0.0)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for name, process in self._processes.items():
                self.mib[name] = max(self.mib[name], self._measure(process) / 2**20)
