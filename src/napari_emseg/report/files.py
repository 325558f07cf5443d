"""Scores as text, CSV and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from napari_emseg.core.scores.scores import TITLES
from napari_emseg.core.scores.volume.agreement import TITLES as VOLUME_TITLES
from napari_emseg.io.disk.atomic import as_write_error, replacing_file
from napari_emseg.report.report import Report
from napari_emseg.report.volume_lines import volume_lines

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
    if report.volume is not None:
        lines += ["", *volume_lines(report.volume)]
    return "\n".join(lines)


def write_csv(report: Report, path: Path) -> None:
    """Write a row for each slice and one for the stack, below ``#`` lines that say what they are.

    Where the report has scores of the volume, they are further columns and a last row.

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
        if report.volume is not None:
            file.writelines(f"# {line}\n" for line in volume_lines(report.volume))
        writer = csv.writer(file)
        volume = _volume_rows(report)
        writer.writerow(["slice", *TITLES, *(VOLUME_TITLES if volume else ())])
        for name, scores in report.rows:
            row = [getattr(scores, each) for each in TITLES]
            writer.writerow([name, *row, *volume.pop(name, ())])
        for name, more in volume.items():
            writer.writerow([name, *("" for _ in TITLES), *more])


def _volume_rows(report: Report) -> dict[str, list[float]]:
    """The scores of the volume and its slices, by the name of the row; empty without them."""
    if report.volume is None:
        return {}
    named = {str(z): each for z, each in report.volume.slices.items()}
    named["volume"] = report.volume.volume
    return {name: [each.to_dict()[n] for n in VOLUME_TITLES] for name, each in named.items()}


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
