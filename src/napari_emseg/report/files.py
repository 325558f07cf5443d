"""Scores as text, CSV and JSON; a *report* is `StackScores.to_dict` with a block ``about``."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from napari_emseg.core.scores.scores import TITLES
from napari_emseg.io.disk.atomic import as_write_error, replacing_file

Report = Mapping[str, Any]

SHORT = {
    "v_rand": "V_rand",
    "v_rand_split": "split",
    "v_rand_merge": "merge",
    "v_info": "V_info",
    "v_info_split": "split",
    "v_info_merge": "merge",
    "pixel_accuracy": "pixels",
    "iou": "IoU",
    "dice": "Dice",
    "precision": "precis.",
    "recall": "recall",
}
"""Titles of columns as narrow as their figures."""


def score_table(report: Report) -> str:
    """The scores of slices and stack as a table for people."""
    lines = ["slice  " + "  ".join(f"{SHORT[name]:>7}" for name in TITLES)]
    for name, row in _rows(report):
        lines.append(f"{name:>5}  " + "  ".join(f"{row[each]:7.4f}" for each in TITLES))
    lines.append(f"best threshold {report['stack']['threshold']:g}")
    return "\n".join(lines)


def write_csv(report: Report, path: Path) -> None:
    """Write a row for each slice and one for the stack, below ``#`` lines that say what they are.

    Raises
    ------
    WriteError
        If the file cannot be written; one that was there stays whole.
    """
    with as_write_error(path), replacing_file(path) as beside, beside.open("w", newline="") as file:
        for name, value in flat(report.get("about", {})):
            file.write(f"# {name}: {value}\n")
        file.write(f"# threshold: {report['stack']['threshold']:g}\n")
        writer = csv.writer(file)
        writer.writerow(["slice", *TITLES])
        writer.writerows([name, *(row[each] for each in TITLES)] for name, row in _rows(report))


def write_json(report: Report, path: Path) -> None:
    """Write all of it.

    Raises
    ------
    WriteError
        If the file cannot be written; one that was there stays whole.
    """
    with as_write_error(path), replacing_file(path) as beside:
        beside.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def flat(block: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Names such as ``model.name`` and values of nested mappings; what is None is left out."""
    for name, value in block.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{name}.")
        elif value is not None:
            yield f"{above}{name}", value


def _rows(report: Report) -> list[tuple[str, dict[str, Any]]]:
    slices = [(str(row["slice"]), row) for row in report["slices"]]
    return [*slices, ("stack", report["stack"])]
