"""Cells through a volume: how right they are, how long they take, and what memory.

On SNEMI3D: slices 80 to 99 judge, nothing was learned or chosen by them; ``--all`` does the whole
volume, of which 0 to 79 taught. Beside the cells of the volume stand those linked from slice to
slice, and those of perfect slices (true masks, no probability). The phantom has its own truth.

    python benchmarks/bench_cells3d.py
    python benchmarks/bench_cells3d.py --all --time      # 100 x 1024 x 1024: seconds and memory
    python benchmarks/bench_cells3d.py --knob            # at other positions of the knob
    python benchmarks/bench_cells3d.py --all --blocks    # in blocks, and solved by parts, beside
                                                         # the cells of one process
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
import tifffile

sys.path[:0] = [str(Path(__file__).parents[1] / each) for each in ("sample_data", "tools")]

from learn_edges import cells_alone  # noqa: E402
from make_phantom import make_phantom  # noqa: E402
from phantom_imaging import SECTION  # noqa: E402
from phantom_imaging import VOXEL_SIZE_NM as PHANTOM_NM  # noqa: E402
from phantom_tissue import Tissue  # noqa: E402

import napari_emseg as em  # noqa: E402
from napari_emseg.core.blocks.plan import Blocks  # noqa: E402
from napari_emseg.core.cells3d.by_parts import solve_by_parts  # noqa: E402
from napari_emseg.core.cells3d.small_cells import join_small  # noqa: E402
from napari_emseg.core.cells3d.volume_cells import VolumeCells, table_of  # noqa: E402
from napari_emseg.core.config.cells import CellsConfig  # noqa: E402
from napari_emseg.core.config.prediction import MaskConfig  # noqa: E402
from napari_emseg.engine.cells import run_blocks  # noqa: E402
from napari_emseg.engine.cells.blocks import HALO_PX  # noqa: E402
from napari_emseg.engine.cells.volume import solve_volume  # noqa: E402
from napari_emseg.io.volumes import ome_volume  # noqa: E402
from napari_emseg.model.packages.edges import read_edges  # noqa: E402
from napari_emseg.model.packages.library import find_model  # noqa: E402

DATA = Path(__file__).parents[2] / "shared" / "data" / "snemi3d"
VOXEL_NM = (30.0, 6.0, 6.0)


def show(name: str, cells: Any, truth: np.ndarray, seconds: float | None = None) -> None:
    """A line of scores."""
    found = em.evaluate_volume(cells, truth)
    v = found.volume
    took = "" if seconds is None else f"  {seconds:6.1f} s"
    print(
        f"{name:34} ARE {v.are:.4f} (precision {v.rand_precision:.3f}, recall "
        f"{v.rand_recall:.3f})  VOI {v.voi_split:.3f} + {v.voi_merge:.3f}  cells "
        f"{found.predicted_cells} for {found.true_cells}{took}",
        flush=True,
    )


def timed(make: Any) -> tuple[Any, float]:
    """What it gives, and the seconds."""
    start = time.perf_counter()
    found = make()
    return found, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="default")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--knob", action="store_true")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--blocks", action="store_true")
    asked = parser.parse_args()
    part = slice(None) if asked.all else slice(80, 100)
    image = em.Stack(tifffile.imread(DATA / "train-input.tif")[part], VOXEL_NM)
    truth = tifffile.imread(DATA / "train-labels.tif")[part].astype(np.int64)
    package = find_model(asked.model)
    predicted, seconds = timed(lambda: em.segment(image, model=package, output="probability"))
    print(f"prediction: {seconds:.1f} s", flush=True)
    threshold = package.info.threshold
    edges = read_edges(package)
    fragments = np.empty(truth.shape, np.int32)

    def solve(**settings: Any) -> Any:
        return solve_volume(
            predicted.data, fragments, edges, rules=MaskConfig(threshold), voxel_size_nm=VOXEL_NM,
            config=CellsConfig(**settings),
        )  # fmt: skip

    solved, seconds = timed(solve)
    cells, writing = timed(lambda: np.stack([solved.cells[z] for z in range(len(truth))]))
    show("cells of the volume", cells, truth, seconds + writing)
    if asked.time:
        peak = psutil.Process().memory_info()
        print(f"memory of the process now: {peak.rss / 2**20:.0f} MB")
        _, knob = timed(lambda: solved.volume.table(0.6))
        _, again = timed(lambda: solved.volume.table(0.4))
        print(f"knob: first {knob:.2f} s, then {again:.3f} s")
        return
    if asked.blocks:
        show_in_blocks(predicted, cells, threshold)
        show_by_parts(solved.volume, fragments, cells)
        return
    if asked.knob:
        for merging in (0.3, 0.4, 0.45, 0.55, 0.6, 0.7):
            table = solved.volume.table(merging, smallest_um3=CellsConfig().smallest_cell_um3)
            show(f"  merging {merging}", table[fragments], truth)
    show("  small cells kept", solve(smallest_cell_um3=0.0).cells, truth)
    show("  membranes left 0", solve(fill_membranes=False).cells, truth)
    linked = em.segment(image, model=package, output="cells", link="slices").data
    show("linked from slice to slice", linked, truth)
    alone = cells_alone(truth)
    show("perfect slices", em.cells(alone, model=package, voxel_size_nm=VOXEL_NM).data, truth)
    picture, mask, ids = phantom(16)
    made = em.segment(picture, model=package, voxel_size_nm=PHANTOM_NM).data
    show("phantom, predicted", made, ids)
    show("phantom, perfect slices", em.cells(mask, voxel_size_nm=PHANTOM_NM).data, ids)


def show_in_blocks(predicted: em.Stack, cells: np.ndarray, threshold: float) -> None:
    """Cells made in blocks by one process, of slices whole and cut, beside those in one go."""
    with tempfile.TemporaryDirectory() as folder:
        em.write_stack(f"{folder}/p.zarr", predicted)
        for cut in (1, 2):
            edge = predicted.shape[1] // cut
            blocks = Blocks(predicted.shape, (8, edge, edge), (0, HALO_PX, HALO_PX))
            start = time.perf_counter()
            made = in_blocks(folder, blocks, threshold)
            seconds = time.perf_counter() - start
            same = ", the same" if np.array_equal(made, cells) else ""
            show(f"in blocks, slices cut in {cut**2}{same}", made, cells, seconds)


def in_blocks(folder: str, blocks: Blocks, threshold: float) -> np.ndarray:
    """Cells (Z, Y, X) of the probability in a folder, in these blocks."""
    edge, out = blocks.size[1], f"{folder}/{len(blocks)}.zarr"
    with (
        patch.object(run_blocks, "plan_blocks", lambda *_, **__: blocks),
        patch.multiple(ome_volume, SHARD=edge, CHUNK=edge),
    ):
        em.cells_file(f"{folder}/p.zarr", out, part="1/1", threshold=threshold)
    return np.asarray(em.read_stack(out, kind="labels", raw_values=True).data)


def show_by_parts(volume: VolumeCells, fragments: np.ndarray, cells: np.ndarray) -> None:
    """Cells of a graph that is solved by parts of so many slices, beside those in one go."""
    graph, evidence = volume.graph, volume.evidence
    for depth in (50, 25, 16, 10, 5):
        clusters = solve_by_parts(graph.count, evidence, graph.slice_of_fragment // depth)
        clusters = join_small(clusters, graph, evidence, CellsConfig().smallest_cell_um3)
        show(f"by parts of {depth} slices", table_of(clusters, graph)[fragments], cells)


def phantom(slices: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picture, mask and ids (Z, Y, X) of a phantom that does not ship, 512 px wide."""
    seen: list[Any] = []
    whole = Tissue.misplaced

    def misplaced(tissue: Tissue, rng: np.random.Generator) -> Tissue:
        seen.append(whole(tissue, rng))
        return seen[-1]

    with patch.object(Tissue, "misplaced", misplaced):
        picture, mask = make_phantom(seed, slices, 512)
    heights = (np.arange(slices) - (slices - 1) / 2) * SECTION
    ids = np.stack([tissue.cells(z) for tissue, z in zip(seen, heights, strict=True)])
    return picture, mask, np.where(mask > 0, ids, 0).astype(np.int64)


if __name__ == "__main__":
    main()
