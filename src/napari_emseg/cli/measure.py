"""``napari-emseg measure``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from napari_emseg.api.measure import measure_file
from napari_emseg.cli.in_blocks import kept_options, refuse_kept
from napari_emseg.cli.options_and_progress import (
    given,
    options_of,
    progress_and_stop,
    say,
    slice_bar,
    voxel_size_option,
)
from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.measurement import MeasureConfig
from napari_emseg.io.read import read_stack
from napari_emseg.types import ArrayLike, VoxelSize

_PATH = click.Path(path_type=Path)
_MORE = {
    "profiles": "a cell in a slice: area, perimeter, diameter, circularity, roundness",
    "slices": "a slice: count, density, medians",
    "contacts": "two cells that touch: the area that they share",
    "parts": "a part of a cell, such as a mitochondrion; needs --classes",
}


def _tables(command: Any) -> Any:
    """Decorator: an option for each further table."""
    for name, what in reversed(_MORE.items()):
        command = click.option(f"--{name}", type=_PATH, help=f"Write a row {what}.")(command)
    return command


@click.command()
@click.argument("cells", type=_PATH)
@click.option(
    "--out", type=_PATH, required=True,
    help="TABLE.csv to write: a row a cell; with --sections a row a cell in a slice.",
)  # fmt: skip
@_tables
@click.option("--image", type=_PATH, help="Grey values, for their mean in each cell.")
@click.option(
    "--classes", type=_PATH,
    help="1 membrane, 2 cell, 3 and more parts of cells, as predict --what classes writes.",
)  # fmt: skip
@click.option(
    "--sections", is_flag=True, help="The slices are single sections and no volume; a mask will do."
)
@voxel_size_option("CELLS")
@options_of(MeasureConfig)
@options_of(BlocksConfig)
@kept_options("beside OUT until the table is there")
def measure(
    cells: Path,
    out: Path,
    image: Path | None,
    classes: Path | None,
    sections: bool,
    voxel_size_nm: VoxelSize | None,
    keep: str | None,
    overwrite: bool,
    **options: Any,
) -> None:
    """Measure CELLS: volume, surface, shape, contacts, membranes, what is in them.

    CELLS are ids through a volume. Units stand in the names of the columns: docs/measure.md.
    """
    from napari_emseg.api.measure import measure as measured
    from napari_emseg.report.tables import check_csv, write_table

    shared, settings = given(options, BlocksConfig), given(options, MeasureConfig)
    wanted = {name: path for name, path in options.items() if path is not None}
    if "parts" in wanted and classes is None:
        raise click.UsageError("--parts needs --classes.")
    if "contacts" in wanted and sections:
        raise click.UsageError("Single sections have no --contacts.")
    if shared:
        others = {**wanted, "classes": classes, "sections": sections or None}
        _refuse_in_blocks([name for name, value in others.items() if value is not None])
        _in_blocks(
            cells, out, contacts=wanted.get("contacts"), image=image, keep=keep,
            overwrite=overwrite, voxel_size_nm=voxel_size_nm, **shared, **settings,
        )  # fmt: skip
        return
    refuse_kept(keep, overwrite)
    for path in (out, *wanted.values()):
        check_csv(path)
    stack = read_stack(cells, kind="labels", voxel_size_nm=voxel_size_nm)
    say(stack.notes)
    with slice_bar() as advance:
        found = measured(
            stack, image=_data(image), classes=_data(classes), sections=sections,
            on_slice=advance, **settings,
        )  # fmt: skip
    say(found.notes)
    main = found.profiles if found.cells is None else found.cells
    write_table(main, out)
    for name, path in wanted.items():
        write_table(getattr(found, name), path)
    what = "profiles of cells" if found.cells is None else "cells"
    click.echo(f"{out}: {len(main)} {what} in {stack.shape[0]} slices")


def _refuse_in_blocks(names: list[str]) -> None:
    refused = [f"--{name}" for name in names if name != "contacts"]
    if refused:
        raise click.UsageError(
            f"In blocks a row a cell and --contacts are measured; leave {' and '.join(refused)} "
            "out, or measure without blocks."
        )


def _in_blocks(cells: Path, out: Path, **options: Any) -> None:
    with progress_and_stop() as watched:
        table = measure_file(cells, out, **options, **watched)
    what = "other parts are missing" if table is None else f"{len(table):,} cells"
    click.echo(f"{out}: {what}")


def _data(path: Path | None) -> ArrayLike | None:
    # raw: a class map is no mask, and grey values stay what they are
    return None if path is None else read_stack(path, kind="image", raw_values=True).data
