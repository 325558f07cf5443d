"""``napari-emseg measure``."""

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
def measure(
    cells: Path,
    out: Path,
    image: Path | None,
    classes: Path | None,
    sections: bool,
    voxel_size_nm: VoxelSize | None,
    **options: Any,
) -> None:
    """Measure CELLS: volume, surface, shape, contacts, membranes, what is in them.

    CELLS are ids through a volume. Units stand in the names of the columns: docs/measure.md.
    """
    from napari_emseg.api.measure import measure as measured
    from napari_emseg.report.tables import check_csv, write_table

    settings = given(options, MeasureConfig)
    wanted = {name: path for name, path in options.items() if path is not None}
    if "parts" in wanted and classes is None:
        raise click.UsageError("--parts needs --classes.")
    if "contacts" in wanted and sections:
        raise click.UsageError("Single sections have no --contacts.")
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


def _data(path: Path | None) -> ArrayLike | None:
    # raw: a class map is no mask, and grey values stay what they are
    return None if path is None else read_stack(path, kind="image", raw_values=True).data
