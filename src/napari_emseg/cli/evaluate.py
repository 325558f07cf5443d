"""What ``napari-emseg evaluate`` does; apart from `cli.commands`, which only names commands."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from napari_emseg.api.evaluate_volume import evaluate_volume_file
from napari_emseg.cli.options_and_progress import progress_and_stop, say, slice_bar
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.io.layout.location import Location
from napari_emseg.io.read import check_partners, read_stack
from napari_emseg.model.packages.library import find_model
from napari_emseg.report.evaluation import Evaluation
from napari_emseg.report.files import score_table, write_csv
from napari_emseg.report.page import check_form, write_report
from napari_emseg.report.provenance import ModelRecord
from napari_emseg.report.report import PairedReport, Report
from napari_emseg.report.volume_lines import volume_lines
from napari_emseg.types import LabelsMeaning, Stack, VoxelSize


@dataclass(frozen=True)
class EvaluateOptions:
    """The options of the command; see there."""

    slices: tuple[int, ...] | None
    truth_means: LabelsMeaning | None
    threshold: float | None
    against: Path | None
    as_json: bool
    as_csv: Path | None
    report: Path | None
    image: Path | None
    model: str | None
    volume: VolumeScoresConfig | None
    voxel_size_nm: VoxelSize | None


def run_evaluate(prediction: Path, truth: Path, options: EvaluateOptions) -> None:
    """Score, write what is asked for, and print."""
    if options.report is not None:
        check_form(options.report)
    report, evaluation = _score(prediction, truth, options)
    if options.against is not None:
        other, _ = _score(options.against, truth, options)
        report = replace(report, comparison=PairedReport.of(report, other))
    if options.as_csv is not None:
        write_csv(report, options.as_csv)
    if options.report is not None:
        write_report(report, evaluation.pictures(report, _image(options)), options.report)
    click.echo(json.dumps(report.to_dict()) if options.as_json else _text(report, options))


_IN_BLOCKS = ("as_json", "voxel_size_nm")


def evaluate_in_blocks(
    prediction: Path, truth: Path, options: dict[str, Any], **settings: Any
) -> None:
    """Score the cells of a volume in blocks, and print the scores."""
    refused = [name for name, value in options.items() if value and name not in _IN_BLOCKS]
    if refused:
        name = {"as_csv": "csv"}.get(refused[0], refused[0].replace("_", "-"))
        raise click.UsageError(
            f"In blocks the scores of the whole volume are made, and printed; leave --{name} out."
        )
    with progress_and_stop() as watched:
        scores = evaluate_volume_file(
            prediction, truth, voxel_size_nm=options["voxel_size_nm"], **settings, **watched
        )
    if scores is None:
        click.echo(f"{prediction}: other parts are missing")
    elif options["as_json"]:
        click.echo(json.dumps({"volume": scores.to_dict()}))
    else:
        click.echo("\n".join(volume_lines(scores)))


def _score(prediction: Path, truth: Path, options: EvaluateOptions) -> tuple[Report, Evaluation]:
    model = None if options.model is None else ModelRecord.of(find_model(options.model))
    if options.slices is None:
        say(check_partners(prediction, truth))
    predicted = read_stack(prediction, kind="image")
    true = read_stack(truth, kind="labels", voxel_size_nm=options.voxel_size_nm)
    say((*predicted.notes, *true.notes))
    evaluation = Evaluation.of(predicted, true, options.slices, options.truth_means)
    with slice_bar() as advance:
        report = evaluation.report(
            threshold=options.threshold, model=model, volume=options.volume, on_slice=advance
        )
    say((
        f"{Location.of(prediction).path.name} is read as {report.prediction_is}.",
        f"{Location.of(truth).path.name} is read as {report.truth_is}",
        *report.notes,
    ))  # fmt: skip
    return report, evaluation


def _image(options: EvaluateOptions) -> Stack | None:
    if options.image is None:
        return None
    stack = read_stack(options.image, kind="image")
    return stack if options.slices is None else stack.take(options.slices)


def _text(report: Report, options: EvaluateOptions) -> str:
    lines = [score_table(report)]
    if report.comparison is not None:
        lines.append(report.comparison.verdict)
    if options.report is not None:
        lines.append(str(options.report))
    return "\n".join(lines)
