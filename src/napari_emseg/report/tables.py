"""Tables of measurements as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from napari_emseg.core.measure.table import Table
from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import as_write_error, replacing_file


def check_csv(path: Path) -> None:
    """Raise `WriteError` unless the name ends in .csv and its folder exists; before all work."""
    if path.suffix.lower() != ".csv":
        raise WriteError(f"{path}: expected a name that ends in .csv")
    if not path.parent.is_dir():
        raise WriteError(f"{path}: the folder does not exist; make it first")


def write_table(table: Table, path: Path) -> None:
    """Write a table: one line of column names, with units, and a line a row; NaN is empty.

    Raises
    ------
    WriteError
        If the file cannot be written; one that was there stays whole.
    """
    with as_write_error(path), replacing_file(path) as beside, beside.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        for row in table.rows():
            writer.writerow([_cell(each) for each in row])


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return value
