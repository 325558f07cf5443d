"""Nothing is told to anybody, and nothing is written where a person would not look for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pytest

from napari_emseg.io.samples import phantom_path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its folders are those of Linux")

OURS = (".cache/napari-emseg", ".config/napari-emseg", ".local/share/napari-emseg")
MATPLOTLIBS = (".cache/matplotlib", ".config/matplotlib")
NAPARIS = (".cache/napari", ".config/napari", ".local/share/napari", ".cache/qtshadercache*")
"""What others keep where the system keeps such things."""
TINY = ["--depth", "1", "--base-filters", "4", "--patch-size", "64", "--batch-size", "2"]
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")


class Seen(NamedTuple):
    """What was done besides what was asked for."""

    elsewhere: list[str]
    network: list[str]
    processes: int


@pytest.fixture
def person(tmp_path):
    """The folders of somebody who has never started any of this."""
    for name in ("home", "chosen", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def watched(person):
    """Run the program as that person; gives what it did where nobody has asked for it."""

    def watched(*arguments: object, also: tuple[str, ...] = ()) -> Seen:
        log = person / "audit.jsonl"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("EMSEG_", "XDG_"))}
        folders = [str(Path(__file__).parent / "audit"), os.environ.get("PYTHONPATH", "")]
        done = subprocess.run(
            [sys.executable, "-m", "napari_emseg", *map(str, arguments)],
            env=kept
            | {
                "HOME": str(person / "home"),
                "TMPDIR": str(person / "tmp"),
                "EMSEG_AUDIT": str(log),
                "PYTHONPATH": os.pathsep.join(filter(None, folders)),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            cwd=person / "chosen",
            capture_output=True,
            text=True,
            timeout=380,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return _seen(log, person, also)

    return watched


def _seen(log: Path, person: Path, also: tuple[str, ...]) -> Seen:
    noted = [json.loads(line) for line in log.read_text().splitlines()]
    allowed = [
        *(person / name for name in ("chosen", "tmp", "audit.jsonl")),
        *chain.from_iterable(_matching(person / "home", name) for name in (*OURS, *also)),
        Path("/dev"),
        Path("/proc"),
    ]
    # what other libraries write is no event of Python's; it is there afterwards
    places = [
        place for event, found, _ in noted if not event.startswith("socket") for place in found
    ]
    places += map(str, _files(person / "home"))
    elsewhere = {each for each in places if not _is_below(Path(each), allowed)}
    network = {
        f"{event} {found} by {argv}"
        for event, found, argv in noted
        if event.startswith("socket") and not _is_local(found)
    }
    return Seen(sorted(elsewhere), sorted(network), len({str(argv) for *_, argv in noted}))


def _matching(folder: Path, name: str) -> list[Path]:
    return [*folder.glob(name)] if "*" in name else [folder / name]


def _files(folder: Path) -> Iterator[Path]:
    return (each for each in folder.rglob("*") if not each.is_dir())


def _is_below(place: Path, allowed: list[Path]) -> bool:
    # the interpreter, and Numba, keep what they have compiled beside its source
    if "__pycache__" in place.parts:
        return True
    # the folders in which they lie are made with them
    return any(place == each or each in place.parents or place in each.parents for each in allowed)


def _is_local(found: list[str]) -> bool:
    """Whether an address is a socket of this machine, such as that of the display, or loopback."""
    return all(
        each.startswith(("/", "\0")) or any(name in each for name in _LOOPBACK) for each in found
    )


def test_a_prediction_stays_here(watched, person):
    out = person / "chosen" / "mask.tif"
    seen = watched("predict", phantom_path(), "--out", out, "--what", "mask", "--slices", "0:1")
    assert out.is_file()
    assert (seen.elsewhere, seen.network) == ([], [])
    assert not list(_files(person / "tmp"))


@pytest.mark.slow
def test_a_training_stays_here(watched, person):
    out = person / "chosen" / "run"
    seen = watched(
        "train", phantom_path(), phantom_path("labels"), "--slices", "0:4", "--out", out,
        "--epochs", "1", "--most-steps", "2", *TINY, also=MATPLOTLIBS,
    )  # fmt: skip
    assert (out / "package" / "rdf.yaml").is_file()
    assert (out / "package" / "int8.xml").is_file(), "NNCF was at work, too"
    assert (seen.elsewhere, seen.network) == ([], [])
    assert not list(_files(person / "tmp"))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")
def test_a_window_stays_here(watched, person):
    out = person / "chosen" / "demo"
    seen = watched("demo", "--headless", "--out", out, also=(*NAPARIS, *MATPLOTLIBS))
    assert (out / "mask.tif").is_file()
    assert seen.processes >= 2, "the worker was watched, too"
    assert (seen.elsewhere, seen.network) == ([], [])


def test_the_watch_sees(watched, person, tmp_path):
    """It would find what it is to find: a file beside the output, and a question for a name."""
    script = (
        "import os, socket, subprocess, sys\n"
        "open(os.path.expanduser('~/.secret'), 'w').close()\n"
        "os.mkdir(os.path.expanduser('~/folder'))\n"
        "try: socket.create_connection(('203.0.113.1', 9), 0.01)\n"
        "except OSError: pass\n"
    )
    log = person / "audit.jsonl"
    environment = os.environ | {
        "HOME": str(person / "home"), "EMSEG_AUDIT": str(log),
        "PYTHONPATH": str(Path(__file__).parent / "audit"),
    }  # fmt: skip
    outer = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {script!r}], check=True)"
    )
    subprocess.run([sys.executable, "-c", outer], env=environment, cwd=person, check=True)
    seen = _seen(log, person, ())
    assert seen.elsewhere == [str(person / "home" / name) for name in (".secret", "folder")]
    assert any("203.0.113.1" in each for each in seen.network)
