"""``napari-emseg export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from napari_emseg.cli.options_and_progress import (
    given,
    options_of,
    say,
    slice_bar,
    voxel_size_option,
)
from napari_emseg.core.cell_ids import parse_ids
from napari_emseg.core.config.export import ExportConfig, SurfaceConfig
from napari_emseg.errors import SettingError
from napari_emseg.io.read import read_stack
from napari_emseg.types import VoxelSize

_PATH = click.Path(path_type=Path)


class Ids(click.ParamType[tuple[int, ...]]):
    """Ids of cells, such as 3,7."""

    name = "ids"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the text of an option."""
        try:
            return parse_ids(value)
        except SettingError as error:
            self.fail(str(error).removeprefix("ids: "), param, ctx)


@click.command("export")
@click.argument("cells", type=_PATH)
@click.option(
    "--out", type=_PATH, required=True,
    help="Folder for a file a cell; with --form roi FILE.zip.",
)  # fmt: skip
@click.option("--ids", type=Ids(), help="Only these cells, such as 3,7.")
@voxel_size_option("CELLS")
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@options_of(ExportConfig)
@options_of(SurfaceConfig)
def export_cells(cells: Path, out: Path, voxel_size_nm: VoxelSize | None, **options: Any) -> None:
    """Write CELLS for other programs: closed surfaces, ImageJ's ROIs, neuroglancer's volumes.

    CELLS are ids through a volume. Into the OME-Zarr of their image they go with
    ``convert CELLS image.zarr::labels/cells``.
    """
    from napari_emseg.api.export import export_cells as exported

    settings = given(options, ExportConfig, SurfaceConfig)
    stack = read_stack(cells, kind="labels", voxel_size_nm=voxel_size_nm)
    say(stack.notes)
    with slice_bar() as read, slice_bar("cell") as written:
        found = exported(
            stack, out, sources=[cells], on_slice=read, on_cell=written, **options, **settings
        )
    say(found.notes)
    click.echo(f"{out}: {len(found.ids)} cells as {settings.get('form', ExportConfig().form)}")
