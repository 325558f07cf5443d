"""Make the synthetic ssTEM phantom, and its truth, that napari-emseg ships as sample data.

Every pixel is computed from a seed. No real pixel goes in, only statistics of real slices
(grey levels, power spectrum, cell sizes). `phantom_tissue` draws the tissue, `phantom_organelles`
fills its cells and `phantom_imaging` cuts and records it; this program writes the files.
"""

from __future__ import annotations

from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import click
import numpy as np
import tifffile
from phantom_fields import Bytes
from phantom_imaging import SECTION, VOXEL_SIZE_NM, add_dirt, record, take_section
from phantom_tissue import Tissue


def make_phantom(seed: int, slices: int, size: int) -> tuple[Bytes, Bytes]:
    """Make a phantom: grey levels and truth (0 membrane, 255 cell).

    Returns
    -------
    stack, truth : ndarray of uint8, shape (Z, Y, X)
    """
    rng = np.random.default_rng(seed)
    heights = (np.arange(slices) - (slices - 1) / 2) * SECTION
    tissue = Tissue.random(rng, size, heights[-1])
    pairs = [take_section(rng, tissue, z) for z in heights]
    greys = [grey for grey, _ in pairs]
    dirty = slices // 2
    greys[dirty] = add_dirt(rng, greys[dirty])
    truth = np.stack([truth for _, truth in pairs]) * np.uint8(255)
    return np.stack([record(rng, grey) for grey in greys]), truth


def save(path: Path, stack: Bytes) -> None:
    """Write a stack ``(Z, Y, X)`` as a compressed OME-TIFF that knows its voxel size."""
    z, y, x = (length / 1000 for length in VOXEL_SIZE_NM)
    sizes = {"PhysicalSizeX": x, "PhysicalSizeY": y, "PhysicalSizeZ": z}
    units = {f"{key}Unit": "µm" for key in sizes}
    identity = str(uuid5(NAMESPACE_URL, path.name))  # else each run writes other bytes
    tifffile.imwrite(
        path,
        stack,
        ome=True,
        compression="zlib",
        compressionargs={"level": 9},
        resolution=(1e4 / x, 1e4 / y),
        resolutionunit="CENTIMETER",
        metadata={"axes": "ZYX", "UUID": identity, **sizes, **units},
    )


@click.command()
@click.option("--seed", default=0, show_default=True, help="Another seed, another tissue.")
@click.option("--slices", default=8, show_default=True, type=click.IntRange(1))
@click.option("--size", default=512, show_default=True, type=click.IntRange(64))
@click.option(
    "--out", default=Path(__file__).parent, type=click.Path(file_okay=False, path_type=Path)
)
def main(seed: int, slices: int, size: int, out: Path) -> None:
    """Write phantom.tif and phantom_labels.tif into the folder OUT."""
    stack, truth = make_phantom(seed, slices, size)
    out.mkdir(parents=True, exist_ok=True)
    save(out / "phantom.tif", stack)
    save(out / "phantom_labels.tif", truth)
    click.echo(f"{slices} slices of {size} x {size} pixels in {out}")


if __name__ == "__main__":
    main()
