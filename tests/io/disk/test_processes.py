"""Who owns what lies on disk is known however the clock is set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from napari_emseg.io.disk.processes import is_alive, this_process

AN_HOUR = 3600
LOOK = """
import json, sys
import psutil
from napari_emseg.io.disk.processes import is_alive, this_process
owner = json.loads(sys.argv[1])
print(
    json.dumps([psutil.Process(owner[0]).create_time(), is_alive(owner), this_process()]),
    flush=True,
)
sys.stdin.read()  # lives until it is let go
"""


def machine_started(folder: Path, shift_s: int) -> Path:
    """What ``/proc/stat`` says once the clock was set: Linux reckons the start of the machine anew.

    Linux holds how long ago that was, and the clock; where they differ it is the start that moves.
    """
    lines = Path("/proc/stat").read_text().splitlines()
    started = int(next(line for line in lines if line.startswith("btime")).split()[1])
    path = folder / f"stat {shift_s}"
    path.write_text(
        "\n".join(
            f"btime {started + shift_s}" if line.startswith("btime") else line for line in lines
        )
    )
    return path


@pytest.fixture(params=[-AN_HOUR, AN_HOUR], ids=["an hour back", "an hour ahead"])
def clock_was_set(request, tmp_path):
    """Begins a command in a world whose clock was set, and gives the shift in seconds."""
    stat = machine_started(tmp_path, request.param)
    world = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /proc/stat && exec "$@"', stat]
    try:
        subprocess.run([*world, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no world of its own can be made here: {error}")
    return world, request.param


def test_a_living_process_is_known_after_the_clock_was_set(clock_was_set):
    world, shift = clock_was_set
    command = [*world, sys.executable, "-c", LOOK, json.dumps(this_process())]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as process:
        born, is_known, who = json.loads(process.stdout.readline())
        assert abs(born - psutil.Process().create_time() - shift) < 2  # it does live in that world
        assert is_known
        assert is_alive(who)  # and who wrote there is known here
    assert not is_alive(who)


def test_a_number_that_is_used_again_is_no_owner():
    number, born, machine = this_process()
    assert is_alive([number, born, machine])
    assert not is_alive([number, born + 1, machine]) or sys.platform != "linux"
    assert not is_alive([number, born - AN_HOUR, machine])
    assert not is_alive([number, None, machine])
    assert not is_alive([os.getpid()])
