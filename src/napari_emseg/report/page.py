"""A page about a prediction that a team can file: figures, curves, pictures, table."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_emseg.core.scores.metrics import TITLES
from napari_emseg.errors import WriteError
from napari_emseg.io.disk.atomic import as_write_error, replacing_file
from napari_emseg.report.figures import (
    ERROR_COLORS,
    ERROR_NAMES,
    Picture,
    new_figure,
    overview_figure,
    picture_figure,
)
from napari_emseg.report.files import flat, score_table
from napari_emseg.report.report import Report
from napari_emseg.report.volume_lines import volume_lines

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMS = (".html", ".pdf")
_LISTED = 9
_STYLE = """
body { font-family: system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em;
  color: #222; background: #fff }
img { max-width: 100% } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: .2em .6em; text-align: right; border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left } tr.stack { font-weight: bold }
pre { white-space: pre-wrap }
.about td { text-align: left; overflow-wrap: anywhere }
"""


def check_form(path: Path) -> None:
    """Raise `WriteError` unless the ending is one of `FORMS`; before anything is computed."""
    if path.suffix.lower() not in FORMS:
        raise WriteError(f"report: expected a name that ends in .html or .pdf, received {path}")


def write_report(report: Report, pictures: Sequence[Picture], path: Path) -> None:
    """Write a page as HTML, all in one file, or as PDF.

    Parameters
    ----------
    report : Report
        What is said.
    pictures : sequence of Picture
        Slices to show.
    path : Path
        Ends in ``.html`` or ``.pdf``; one that was there stays whole where writing fails.

    Raises
    ------
    WriteError
        Another ending, or the file cannot be written.
    """
    check_form(path)
    write = _write_pdf if path.suffix.lower() == ".pdf" else _write_html
    with as_write_error(path), replacing_file(path) as beside:
        write(report, pictures, beside)


# -- HTML -------------------------------------------------------------------------------------


def _write_html(report: Report, pictures: Sequence[Picture], path: Path) -> None:
    name = html.escape(report.provenance.prediction.name)
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Scores of {name}</title>",
        f"<style>{_STYLE}</style><h1>Scores of {name}</h1>",
        f"<p>{html.escape(headline(report))}</p>",
        _image(overview_figure(report)),
        "<h2>Scores</h2>",
        _table(report),
        *_class_table(report),
        _volume(report),
        f"<h2>The worst slices</h2><p>{_legend()}</p>",
        *(_image(picture_figure(each)) + _list(each) for each in pictures),
        "<h2>How to come to the same figures</h2>",
        _about(report),
        "</html>",
    ]
    path.write_text("\n".join(parts), encoding="utf-8")


def headline(report: Report) -> str:
    """The scores of a report in one sentence."""
    scores = report.scores
    return (
        f"V_rand {scores.v_rand:.4f}, V_info {scores.v_info:.4f}, pixel accuracy "
        f"{scores.pixel_accuracy:.4f} at threshold {scores.threshold:g} over {scores.coverage}."
    )


def _image(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    code = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="" src="data:image/png;base64,{code}">'


def _table(report: Report) -> str:
    lines = ["<table><tr><th>slice" + "".join(f"<th>{title}" for title in TITLES.values())]
    for name, scores in report.rows:
        cells = "".join(f"<td>{getattr(scores, each):.4f}" for each in TITLES)
        lines.append(f"<tr{' class=stack' * (name == 'stack')}><td>{name}{cells}")
    return "\n".join([*lines, "</table>"])


def _class_table(report: Report) -> Iterator[str]:
    if report.classes:
        yield "<h2>Classes</h2><table><tr><th>class<th>IoU<th>Dice"
        for each in report.classes:
            yield f"<tr><td>{html.escape(each.name)}<td>{each.iou:.4f}<td>{each.dice:.4f}"
        yield "</table>"


def _volume(report: Report) -> str:
    if report.volume is None:
        return ""
    lines = "\n".join(volume_lines(report.volume))
    return f"<h2>The volume</h2><pre>{html.escape(lines)}</pre>"


def _legend() -> str:
    return " &nbsp; ".join(
        f'<span style="color:{color}">&#9632;</span> {ERROR_NAMES[value]}'
        for value, color in ERROR_COLORS.items()
    )


def _list(picture: Picture) -> str:
    items = "".join(f"<li>{html.escape(line)}" for line in error_lines(picture))
    return f"<ol>{items}</ol>" if items else "<p>No error of a whole cell.</p>"


def error_lines(picture: Picture) -> Iterator[str]:
    """The worst errors of a slice in words, numbered as in its picture."""
    for error in picture.compared.errors[:_LISTED]:
        y, x = error.position
        yield f"{error.kind} of {error.cost_px} px at row {y:.0f}, column {x:.0f}"


def _about(report: Report) -> str:
    rows = (
        f"<tr><td>{html.escape(name)}<td>{html.escape(str(value))}"
        for name, value in flat(report.provenance.to_dict())
    )
    return "<table class=about>" + "\n".join(rows) + "</table>"


# -- PDF --------------------------------------------------------------------------------------


def _write_pdf(report: Report, pictures: Sequence[Picture], path: Path) -> None:
    from matplotlib.backends.backend_pdf import PdfPages

    with PdfPages(path) as pages:
        for figure in _pages(report, pictures):
            pages.savefig(figure)


def _pages(report: Report, pictures: Sequence[Picture]) -> Iterator[Figure]:
    yield overview_figure(report)
    yield from _text_pages([headline(report), "", *score_table(report).splitlines()])
    for picture in pictures:
        yield picture_figure(picture)
        yield from _text_pages([f"{n}. {text}" for n, text in enumerate(error_lines(picture), 1)])
    about = [f"{name}: {value}" for name, value in flat(report.provenance.to_dict())]
    yield from _text_pages(["How to come to the same figures", "", *about])


def _text_pages(lines: Sequence[str], per_page: int = 45) -> Iterator[Figure]:
    for start in range(0, len(lines), per_page):
        part = lines[start : start + per_page]
        figure = new_figure(11, 0.6 + 0.17 * len(part))
        figure.text(0.02, 0.97, "\n".join(part), family="monospace", fontsize=8, va="top")
        yield figure
