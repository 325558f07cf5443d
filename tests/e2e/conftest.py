"""What the tests of whole processes share."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest

PATIENCE_S = 120

WaitUntil = Callable[[Callable[[], bool], "subprocess.Popen[str]"], None]


@pytest.fixture
def wait_until() -> WaitUntil:
    """Wait for what a process does; it must not end before."""

    def wait_until(happened: Callable[[], bool], process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not happened():
            if time.monotonic() > deadline or process.poll() is not None:
                pytest.fail(f"it did not happen; exit status {process.poll()}")
            time.sleep(0.005)

    return wait_until
