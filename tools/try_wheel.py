"""Install a wheel into environments of its own, and do there what a person does first.

    python tools/try_wheel.py dist/napari_emseg-*.whl
    python tools/try_wheel.py dist/napari_emseg-*.whl base report window train torch all

Each extra (``base`` is none) gets a fresh environment in a temporary folder, from which neither
this checkout nor its packages are seen. The bundled sample is predicted and scored there. Where the
extra brings a window, npe2's check of the manifest and ``demo --headless`` run, too; where it has
Keras, a training of one epoch. Sizes and times are printed; what fails ends the program with its
message.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

MANIFEST, DEMO, TRAINING = "manifest", "demo", "training"
SHOWS = {
    "window": (MANIFEST, DEMO),
    "train": (TRAINING,),
    "torch": (TRAINING,),
    "all": (MANIFEST, DEMO, TRAINING),
}
"""What an extra can do besides predicting."""

BESIDE = {"window": ["napari[pyqt6]"]}
"""What a person brings along: a Qt binding to the docks."""

FOLDERS = ("CACHE", "CONFIG", "MODELS", "RECOVERY", "RUNS")

_STACKS = """
from pathlib import Path
import napari_emseg as em
installed = Path(em.__file__).resolve()
assert Path.cwd().resolve().parent in installed.parents, f"{installed} is not of this environment"
for name, stack in zip(("stack.tif", "truth.tif"), em.phantom()):
    em.write_stack(name, stack)
print(em.__version__)
"""
_TRAIN = "stack.tif truth.tif --out run --epochs 1 --patch-size 64 --depth 1 --base-filters 4"


class Environment:
    """A fresh one, and an empty folder to work in.

    Parameters
    ----------
    folder : Path
        Where both come to lie.
    """

    def __init__(self, folder: Path) -> None:
        self.root, self._work = folder / "env", folder / "work"
        self._work.mkdir()
        venv.create(self.root, with_pip=True)
        self._scripts = self.root / ("Scripts" if os.name == "nt" else "bin")

    def run(self, program: str, *args: str) -> str:
        """Run a program of the environment; its output is shown where it fails."""
        begun = time.monotonic()
        # a person's own packages, settings and models stay out of it
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        environment |= {f"EMSEG_{each}_DIR": str(self._work / each.lower()) for each in FOLDERS}
        done = subprocess.run(
            [self._scripts / program, *args], cwd=self._work, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800, encoding="utf-8",
        )  # fmt: skip
        said = " ".join((program, *args)).partition("\n")[0]
        print(f"  {time.monotonic() - begun:7.1f} s  {said}", flush=True)
        if done.returncode:
            sys.exit(f"{done.stdout}\n{said}: status {done.returncode}")
        return done.stdout

    def size_mb(self) -> float:
        """What its files take."""
        files = (each for each in self.root.rglob("*") if each.is_file() and not each.is_symlink())
        return sum(each.stat().st_size for each in files) / 1e6


def main() -> None:
    wheel, *extras = sys.argv[1:] or sys.exit(str(__doc__))
    print(f"{Path(wheel).name}: {Path(wheel).stat().st_size / 1e6:.1f} MB")
    for extra in extras or ["base"]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            environment = Environment(Path(folder))
            for program, args in steps(Path(wheel).resolve(), extra):
                environment.run(program, *args)
            count = len(environment.run("pip", "list", "--format", "freeze").splitlines())
            print(f"{extra}: {environment.size_mb():.0f} MB, {count} packages", flush=True)


def steps(wheel: Path, extra: str) -> Iterator[tuple[str, list[str]]]:
    """Programs of the environment and their arguments, one after the other."""
    what = str(wheel) if extra == "base" else f"{wheel}[{extra}]"
    yield "pip", ["install", "--quiet", "--disable-pip-version-check", what, *BESIDE.get(extra, [])]
    yield "python", ["-c", _STACKS]
    yield "napari-emseg", ["--help"]
    yield "napari-emseg", ["doctor"]
    yield "napari-emseg", ["predict", "stack.tif", "--out", "mask.tif", "--what", "mask"]
    yield "napari-emseg", ["evaluate", "mask.tif", "truth.tif"]
    shows = SHOWS.get(extra, ())
    if MANIFEST in shows:
        yield "npe2", ["validate", "napari-emseg"]
    if TRAINING in shows:
        yield "napari-emseg", ["train", *_TRAIN.split()]
    if DEMO in shows:
        yield "napari-emseg", ["demo", "--headless", "--out", "demo-out"]


if __name__ == "__main__":
    main()
