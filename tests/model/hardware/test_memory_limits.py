"""What a process may take is the least of what is free and what limits leave it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from napari_emseg.model.hardware import memory_limits
from napari_emseg.model.hardware.memory_limits import free_to_take

MIB = 2**20
ASK = "from napari_emseg.model.hardware.memory_limits import free_to_take; print(free_to_take())"


def test_without_limits_it_is_what_is_free():
    free = psutil.virtual_memory().available
    assert 0.5 * free < free_to_take() < 1.5 * free


def test_the_limit_of_an_address_space():
    resource = pytest.importorskip("resource")
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({2**31}, {2**31})); {ASK}"
    done = subprocess.run([sys.executable, "-c", limited], capture_output=True, text=True)
    assert 500 * MIB < float(done.stdout) < 2**31, done.stderr
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


GROUPS = [
    ("0::/a/job", "", "memory.max", "memory.current", "inactive_file"),
    ("4:memory:/a/job", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
     "total_inactive_file"),
]  # fmt: skip


@pytest.fixture(params=GROUPS, ids=["version 2", "version 1"])
def group(request, tmp_path, monkeypatch):
    """Makes a control group, ``a`` or ``a/job``: limit, use, and files that may be forgotten."""
    line, kind, limit, use, files = request.param
    (tmp_path / "cgroup").write_text(f"9:name=systemd:/\n{line}\n")
    monkeypatch.setattr(memory_limits, "_MINE", tmp_path / "cgroup")
    monkeypatch.setattr(memory_limits, "_GROUPS", tmp_path / "groups")

    def make(name: str, allowed: object, used: int, inactive: int) -> None:
        folder = tmp_path / "groups" / kind / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / limit).write_text(f"{allowed}\n")
        (folder / use).write_text(f"{used}\n")
        (folder / "memory.stat").write_text(f"cache 7\n{files} {inactive}\nx 9\n")

    return make


def test_the_limit_of_a_group_and_of_those_above_it(group):
    group("a/job", 400 * MIB, 300 * MIB, 0)
    assert free_to_take() == 100 * MIB
    group("a/job", 400 * MIB, 300 * MIB, 50 * MIB)
    assert free_to_take() == 150 * MIB
    group("a", 1000 * MIB, 980 * MIB, 0)
    assert free_to_take() == 20 * MIB
    group("a", 1000 * MIB, 1010 * MIB, 0)
    assert free_to_take() == 0
    group("a", "max", 1010 * MIB, 0)
    assert free_to_take() == 150 * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="control groups are of Linux")
def test_a_real_group():
    mine = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    kinds = {kind: path for _, kind, path in mine}
    if "memory" not in kinds or not os.access("/sys/fs/cgroup/memory", os.W_OK):
        pytest.skip("no control group of the first version can be made here")
    group = Path("/sys/fs/cgroup/memory", kinds["memory"].lstrip("/"), f"emseg-{os.getpid()}")
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(300 * MIB))
        enter = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0'); {ASK}"
        done = subprocess.run([sys.executable, "-c", enter], capture_output=True, text=True)
        assert 200 * MIB < float(done.stdout) <= 300 * MIB, done.stderr
    finally:
        group.rmdir()
