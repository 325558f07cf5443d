"""How much memory a prediction takes from file to file, and whether its cost grows linearly.

Every part runs in a fresh process, on noise that is made for it in a temporary folder. Memory is
the resident one; growth is also counted in processor time, summed over all threads, so that other
work on the machine does not matter much. Run it with ``make bench`` or ``python
benchmarks/bench_memory.py``; it takes half an hour, and parts can be named (``slice stack volume
growth``).
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
import psutil
from peak import Peak, own

import napari_emseg as em
from napari_emseg.engine.jobs import WarmUpJob
from napari_emseg.engine.run import run
from napari_emseg.io.resumable_writer import ResumableWriter, planned_stack

MB = 10**6
SLICE_PX, SLICE_LIMITS_MB = 4096, {"keras": 1000, "openvino": 500}
STACK_SHAPE, STACK_LIMIT_MB = (200, 1024, 1024), 1000
VOLUME_SLICES, VOLUME_TILES, VOLUME_LIMIT_MB = 200, 4, 4000
"""Of a volume whose cells are followed: the phantom, so often along each edge of a slice."""
SHAPES = [(1, 512, 512), (10, 512, 512), (100, 512, 512),
          (4, 1024, 1024), (1, 2048, 2048), (1, 4096, 4096)]  # fmt: skip
GROWTH_ROUNDS, WARM_UPS, GROWTH_LIMIT = 5, 2, 1.2


def noise(path: Path, shape: tuple[int, int, int]) -> Path:
    """A stack of grey noise on the disk, made slice by slice."""
    rng = np.random.default_rng(0)
    tissue = em.Stack(np.zeros((1, *shape[1:]), np.uint8))
    with ResumableWriter(path, planned_stack(tissue, shape[0], np.uint8), {}) as out:
        for z in range(shape[0]):
            out.put(z, rng.integers(0, 256, shape[1:], np.uint8))
    return path


def resident_mb(*, peak: bool = False) -> float:
    """Memory that this process has now, or had at most."""
    if not peak:
        return psutil.Process().memory_info().rss / MB
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / MB
    import resource

    kilobyte = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobyte / MB


def segment(
    source: Path, out: Path, config: em.PredictConfig, slices: tuple[int, ...] | None = None
) -> tuple[str, float, float]:
    """Device, seconds and processor seconds of a prediction from file to file."""
    if out.is_file():
        out.unlink()  # which takes its time, too
    wanted = {"output": "probability", "slices": slices, **config.to_dict()}
    begun, on_processor = time.perf_counter(), time.process_time()
    device = em.segment_file(source, out, **wanted).device
    return device, time.perf_counter() - begun, time.process_time() - on_processor


def measure_slice(folder: Path, config: em.PredictConfig) -> dict[str, object]:
    """One large slice, in a process that has the model loaded."""
    source = noise(folder / "in.npy", (1, SLICE_PX, SLICE_PX))
    run(WarmUpJob(config=config), lambda _: None, lambda: False)
    idle = resident_mb()
    device, seconds, _ = segment(source, folder / "out.tif", config)
    return {"device": device, "idle": idle, "peak": resident_mb(peak=True), "seconds": seconds}


def measure_stack(folder: Path, config: em.PredictConfig) -> dict[str, object]:
    """A stack from zarr to zarr; its source is made by another process."""
    device, seconds, _ = segment(folder / "in.zarr", folder / "out.zarr", config)
    return {"device": device, "peak": resident_mb(peak=True), "seconds": seconds}


def tissue(path: Path, slices: int) -> Path:
    """The phantom side by side, to and fro through its slices, made slice by slice."""
    image, _ = em.phantom()
    there = [*range(len(image)), *range(len(image) - 2, 0, -1)]
    like = image.with_data(np.tile(image.data[:1], (1, VOLUME_TILES, VOLUME_TILES)))
    with ResumableWriter(path, planned_stack(like, slices, np.uint8), {}) as out:
        for z in range(slices):
            out.put(z, np.tile(image.slice(there[z % len(there)]), (VOLUME_TILES, VOLUME_TILES)))
    return path


def measure_volume(folder: Path, config: em.PredictConfig) -> dict[str, object]:
    """Cells followed through a volume from zarr to zarr; its source is made by another process."""
    begun = time.perf_counter()
    with Peak(own, here=os.getpid()) as peak:
        em.segment_file(folder / "in.zarr", folder / "out.zarr", output="cells", **config.to_dict())
    shape = em.read_stack(folder / "out.zarr").shape
    seconds = time.perf_counter() - begun
    return {"shape": shape, "peak": peak.mib["here"] * 2**20 / MB, "all": resident_mb(peak=True),
            "seconds": seconds}  # fmt: skip


def measure_growth(folder: Path, config: em.PredictConfig) -> dict[str, object]:
    """Nanoseconds per pixel by shape, medians, once a slice of it was predicted before."""
    sources = {shape: noise(folder / f"{k}.npy", shape) for k, shape in enumerate(SHAPES)}
    times: dict[tuple[int, ...], list[tuple[float, float]]] = {shape: [] for shape in SHAPES}
    for _ in range(GROWTH_ROUNDS):
        for shape, source in sources.items():
            for _ in range(WARM_UPS):
                segment(source, folder / "out.npy", config, slices=(0,))
            times[shape].append(segment(source, folder / "out.npy", config)[1:])
    return {
        " x ".join(map(str, shape)): list(1e9 * np.median(each, axis=0) / np.prod(shape))
        for shape, each in times.items()
    }


def in_fresh_process(part: str, folder: Path, arguments: list[str]) -> dict[str, object]:
    command = [sys.executable, __file__, part, "--in", str(folder), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def show_slice(found: dict[str, object]) -> None:
    limit = SLICE_LIMITS_MB["openvino" if "OpenVINO" in found["device"] else "keras"]
    print(
        f"one slice of {SLICE_PX} x {SLICE_PX} px on {found['device']}, {found['seconds']:.1f} s:"
    )
    above = found["peak"] - found["idle"]
    print(f"  {above:.0f} MB above the idle worker ({found['idle']:.0f} MB); limit {limit} MB")


def show_stack(found: dict[str, object]) -> None:
    shape = " x ".join(map(str, STACK_SHAPE))
    print(f"{shape} from zarr to zarr on {found['device']}, {found['seconds']:.0f} s:")
    print(f"  {found['peak']:.0f} MB in all; limit {STACK_LIMIT_MB} MB")


def show_volume(found: dict[str, object]) -> None:
    shape = " x ".join(map(str, found["shape"]))
    print(f"cells of {shape} read, segmented, followed and written, {found['seconds']:.0f} s:")
    print(f"  {found['peak']:.0f} MB; limit {VOLUME_LIMIT_MB} MB")
    print(f"  {found['all']:.0f} MB with what is mapped of temporary files")


def show_growth(rows: dict[str, object]) -> None:
    print(f"time per pixel; limit of the largest over the smallest {GROWTH_LIMIT}")
    for shape, (wall, on_processor) in rows.items():
        print(f"  {shape:16s} {wall:7.0f} ns, on processors {on_processor:7.0f} ns")
    for name, times in zip(
        ("time", "on processors"), zip(*rows.values(), strict=True), strict=True
    ):
        print(f"  {name}: largest over smallest {max(times) / min(times):.2f}")


def main() -> None:
    parts = {
        "slice": measure_slice, "stack": measure_stack, "volume": measure_volume,
        "growth": measure_growth,
    }  # fmt: skip
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(parts)}; all by default")
    parser.add_argument("--runtime", choices=list(SLICE_LIMITS_MB), help="as in predict")
    parser.add_argument("--tile-size", type=int, default=em.PredictConfig().tile_size)
    parser.add_argument("--slices", type=int, default=VOLUME_SLICES, help="of the volume")
    parser.add_argument("--exact", action="store_true", help="as in predict")
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    runtime = {"runtime": given.runtime} if given.runtime else {}
    if given.folder:
        config = em.PredictConfig(tile_size=given.tile_size, exact=given.exact, **runtime)
        print(json.dumps(parts[given.parts[0]](given.folder, config)))
        return
    arguments = ["--tile-size", str(given.tile_size)]
    arguments += ["--runtime", given.runtime] if given.runtime else []
    arguments += ["--exact"] if given.exact else []
    for part in given.parts or parts:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if part == "stack":
                noise(folder / "in.zarr", STACK_SHAPE)
            if part == "volume":
                tissue(folder / "in.zarr", given.slices)
            found = in_fresh_process(part, folder, arguments)
        show = {
            "slice": show_slice, "stack": show_stack, "volume": show_volume, "growth": show_growth,
        }  # fmt: skip
        show[part](found)


if __name__ == "__main__":
    main()
