"""``napari-emseg cells`` and ``correct``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from napari_emseg.api.cells import cells_file
from napari_emseg.api.correct import correct_cells
from napari_emseg.cli.options_and_progress import (
    given,
    options_of,
    progress_and_stop,
    say,
    voxel_size_option,
)
from napari_emseg.core.config.blocks import BlocksConfig
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
    "--resume", is_flag=True,
    help="In blocks: go on where --out was begun; where it is finished, solve its graph again by "
    "the settings of now.",
)  # fmt: skip
@click.option(
    "--model", default=DEFAULT, show_default=True,
    help="The model whose edge weights say what belongs together.",
)  # fmt: skip
@options_of(MaskConfig, only=["threshold", "least_slices"])
@voxel_size_option("PROBABILITY")
@options_of(CellsConfig)
@options_of(BlocksConfig)
def cells(probability: Path, out: str, voxel_size_nm: VoxelSize | None, **options: Any) -> None:
    """Make the cells of a volume from PROBABILITY, a map or a mask by anybody's program.

    Cell is bright; what PROBABILITY is taken for is said.
    """
    settings = given(options, CellsConfig, BlocksConfig)
    with progress_and_stop() as watched:
        made = cells_file(
            probability, out, voxel_size_nm=voxel_size_nm, **options, **settings, **watched
        )
    if made.cells is None:
        click.echo(f"{out}: other parts are missing")
        return
    click.echo(f"{out}: made of {made.fragments:,} fragments in {made.seconds:.1f} s")
    say([f"{made.cells.words('--least-slices 2 leaves them out')}."])


@click.command()
@click.argument("cells", type=click.Path())
@click.argument("corrections", type=_PATH)
@options_of(BlocksConfig)
def correct(cells: str, corrections: Path, **options: Any) -> None:
    """Merge and split CELLS, a volume that was made in blocks, by the lines of CORRECTIONS.

    A line is {"merge": [[z, y, x], [z, y, x]]}, {"split": [[z, y, x], [z, y, x]]}, or {"undo": 2},
    which takes line 2 back; points are voxels from 0, or nm with "unit": "nm". CELLS are then what
    was solved with these corrections, and with no others.
    """
    settings = given(options, BlocksConfig)
    with progress_and_stop() as watched:
        made = correct_cells(cells, corrections, **settings, **watched)
    what = "other parts are missing" if made.cells is None else f"{made.cells.cells:,} cells now"
    click.echo(f"{cells}: {what}")
