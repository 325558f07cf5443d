"""Looks for bytes over which a reader trips, guided by which lines of the readers they reach.

It needs ``atheris`` (Linux, macOS), which is no dependency of ours::

    python -m pip install atheris
    python tools/fuzz_readers.py --minutes 2             # every target, two minutes each
    python tools/fuzz_readers.py tif -max_total_time=60  # one, with what libFuzzer takes

What it finds lies in the folder ``--out``, with the target's name in front; put it into
``tests/fuzz/found`` and mend what it found: ``tests/fuzz/test_found.py`` tries it from then on.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "fuzz"))

_READERS = (
    "PIL", "imageio", "mrcfile", "napari_emseg.io", "napari_emseg.model.packages", "rsciio",
    "tifffile", "yaml", "zarr", "zipfile",
)  # fmt: skip
_LIMITS = ("-max_len=65536", "-timeout=20", "-rss_limit_mb=1500", "-close_fd_mask=3")
"""Of bytes, of seconds and of memory for one input."""


def fuzz(name: str, options: list[str], out: Path) -> None:
    """Look for faults of one target in this process, which ends with the first one."""
    import atheris

    with atheris.instrument_imports(include=list(_READERS)):
        import targets

        # what a target imports when it is called is to be seen, too
        known = Path(tempfile.mkdtemp(prefix="emseg-seeds-"))
        made = Path(tempfile.mkdtemp(prefix="emseg-made-"))
        for number, seed in enumerate(targets.seeds(name, made)):
            (known / f"{number}").write_bytes(seed)
            _try(targets.TARGETS[name], seed)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    argv = [sys.argv[0], *_LIMITS, f"-artifact_prefix={out}/{name}-", *options, str(known)]
    atheris.Setup(argv, lambda content: _try(targets.TARGETS[name], content))
    atheris.Fuzz()


def _try(use: object, content: bytes) -> None:
    folder = Path(tempfile.mkdtemp(prefix="emseg-fuzz-"))
    try:
        use(folder, content)  # type: ignore[operator]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Do one target, or each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="?")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    parser.add_argument("--out", type=Path, default=Path("fuzz-out"))
    asked, options = parser.parse_known_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.target:
        fuzz(asked.target, options, asked.out)
        return 0
    import targets

    for name in targets.TARGETS:
        print(f"== {name}", flush=True)
        limit = f"-max_total_time={round(60 * asked.minutes)}"
        subprocess.run(
            [sys.executable, __file__, name, "--out", asked.out, limit, *options], check=False
        )
    found = sorted(asked.out.iterdir())
    print(f"{len(found)} inputs that find a fault, in {asked.out}", *found, sep="\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
