"""How long a volume is scored and measured, and how much memory that takes.

The true cells are those of SNEMI3D, 100 x 1024 x 1024; the prediction is a disturbed copy, with
borders that wander, cells merged, and cells cut. Without the data a volume of as many blocks takes
its place. Each part runs in a fresh process, from file to result. Run it with ``make bench`` or
``python benchmarks/bench_volume.py``; parts can be named (``snemi3d cremi measure``).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_memory import resident_mb

import napari_emseg as em

LIMIT_S, LIMIT_MB = 60, 3000
DATA = Path(os.environ.get("EMSEG_DATA_DIR", "../shared/data")) / "snemi3d" / "train-labels.tif"
VOXEL_SIZE_NM = (30.0, 6.0, 6.0)


def true_cells() -> np.ndarray:
    """Cells of SNEMI3D, or blocks."""
    if DATA.exists():
        return np.asarray(em.read_stack(DATA, kind="labels").data)
    ids = np.arange(1, 5 * 16 * 16 + 1, dtype=np.uint16).reshape(5, 16, 16)
    return np.kron(ids, np.ones((20, 64, 64), np.uint16))


def disturbed(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Ids with a tenth of the cells merged into others, a tenth cut, and borders moved by 2 px."""
    names = rng.permutation(int(cells.max())).astype(np.uint32) + 1
    names = np.concatenate([np.zeros(1, np.uint32), names])
    merged = rng.choice(names[1:], size=len(names) // 10, replace=False)
    names[np.isin(names, merged)] = rng.choice(names[1:], size=len(merged))
    out = np.roll(names[cells], 2, axis=2)
    cut = np.isin(out, rng.choice(np.unique(names), size=len(names) // 10))
    cut[: len(cells) // 2] = False
    return np.where(cut & (out > 0), out + np.uint32(100_000), out)


def prepare(folder: Path) -> None:
    """Write both; apart, as a process counts the memory of the one that started it as its own."""
    cells = true_cells()
    np.save(folder / "t.npy", cells)
    np.save(folder / "p.npy", disturbed(cells, np.random.default_rng(0)))


def part(name: str, folder: Path) -> None:
    """One part, in this process; prints what it took as JSON."""
    truth, predicted = (np.load(folder / f"{each}.npy", mmap_mode="r") for each in ("t", "p"))
    begun, processor = time.perf_counter(), time.process_time()
    if name == "measure":
        found = em.measure(truth, voxel_size_nm=VOXEL_SIZE_NM)
        said = f"{len(found.cells)} cells, {len(found.contacts)} contacts"
    else:
        scores = em.evaluate_volume(predicted, truth, foreground=name, voxel_size_nm=VOXEL_SIZE_NM)
        at = scores.volume
        said = (
            f"ARE {at.are:.4f}, VOI {at.voi_split:.3f} + {at.voi_merge:.3f}, CREMI "
            f"{at.cremi_score:.4f}, {len(scores.mergers)} mergers, {len(scores.splits)} splits"
        )
    took = {
        "wall_s": time.perf_counter() - begun, "cpu_s": time.process_time() - processor,
        "mb": resident_mb(peak=True), "said": said,
    }  # fmt: skip
    print(json.dumps(took))


def main() -> None:
    parts = ("snemi3d", "cremi", "measure")
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=parts, help=" ".join(parts))
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.folder is not None:
        if args.parts == ["prepare"]:
            prepare(args.folder)
        else:
            part(args.parts[0], args.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, "prepare", "--folder", folder], check=True)
        print("cells of SNEMI3D" if DATA.exists() else "blocks, as there is no SNEMI3D here")
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for name in args.parts:
            command = [sys.executable, __file__, name, "--folder", folder]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            took = json.loads(done.stdout)
            kept = took["wall_s"] <= LIMIT_S and took["mb"] <= LIMIT_MB
            limit = "" if name == "measure" else f"  {'kept' if kept else 'MISSED'}"
            print(
                f"  {name:8} {took['wall_s']:6.1f} s, processor {took['cpu_s']:6.1f} s, "
                f"{took['mb']:6.0f} MB{limit}: {took['said']}"
            )


if __name__ == "__main__":
    main()
