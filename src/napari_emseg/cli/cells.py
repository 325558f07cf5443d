"""``napari-emseg cells``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from napari_emseg.api.cells import cells_file
from napari_emseg.cli.options_and_progress import (
    given,
    options_of,
    progress_and_stop,
    say,
    voxel_size_option,
)
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.prediction import MaskConfig
from napari_emseg.model.packages.library import DEFAULT
from napari_emseg.types import VoxelSize

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("probability", type=_PATH)
@click.option("--out", type=click.Path(), required=True, help="CELLS.tif, .zarr, .h5 or a folder/.")
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
@click.option(
    "--model", default=DEFAULT, show_default=True,
    help="The model whose edge weights say what belongs together.",
)  # fmt: skip
@options_of(MaskConfig, only=["threshold", "least_slices"])
@voxel_size_option("PROBABILITY")
@options_of(CellsConfig)
def cells(probability: Path, out: str, voxel_size_nm: VoxelSize | None, **options: Any) -> None:
    """Make the cells of a volume from PROBABILITY, a map or a mask by anybody's program.

    Cell is bright; what PROBABILITY is taken for is said.
    """
    settings = given(options, CellsConfig)
    with progress_and_stop() as watched:
        made = cells_file(
            probability, out, voxel_size_nm=voxel_size_nm, **options, **settings, **watched
        )
    click.echo(f"{out}: made of {made.fragments:,} fragments in {made.seconds:.1f} s")
    say([f"{made.cells.words('--least-slices 2 leaves them out')}."])
