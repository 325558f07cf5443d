"""Scores as text, CSV and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from napari_emseg.core.scores.scores import TITLES
from napari_emseg.io.disk.atomic import as_write_error, replacing_file
from napari_emseg.report.report import Report

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
    for name, scores in report.rows:
        figures = (getattr(scores, each) for each in TITLES)
        lines.append(f"{name:>5}  " + "  ".join(f"{figure:7.4f}" for figure in figures))
    lines.append(f"best threshold {report.scores.threshold:g}, over {report.scores.coverage}")
    lines += [f"{each.name}: IoU {each.iou:.4f}, Dice {each.dice:.4f}" for each in report.classes]
    return "\n".join(lines)


def write_csv(report: Report, path: Path) -> None:
    """Write a row for each slice and one for the stack, below ``#`` lines that say what they are.

    Raises
    ------
    WriteError
        If the file cannot be written; one that was there stays whole.
    """
    with as_write_error(path), replacing_file(path) as beside, beside.open("w", newline="") as file:
        for name, value in flat(report.provenance.to_dict()):
            file.write(f"# {name}: {value}\n")
        file.write(f"# threshold: {report.scores.threshold:g}\n")
        for each in report.classes:
            file.write(f"# {each.name}: IoU {each.iou}, Dice {each.dice}\n")
        file.write(f"# scored: {report.scores.coverage}\n")
        writer = csv.writer(file)
        writer.writerow(["slice", *TITLES])
        for name, scores in report.rows:
            writer.writerow([name, *(getattr(scores, each) for each in TITLES)])


def write_json(report: Report, path: Path) -> None:
    """Write all of it.

    Raises
    ------
    WriteError
        If the file cannot be written; one that was there stays whole.
    """
    with as_write_error(path), replacing_file(path) as beside:
        beside.write_text(json.dumps(report.to_dict(), indent=2) + "\n", encoding="utf-8")


def flat(block: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Names such as ``model.name`` and values of nested mappings; what is None is left out."""
    for name, value in block.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{name}.")
        elif value is not None:
            yield f"{above}{name}", value
