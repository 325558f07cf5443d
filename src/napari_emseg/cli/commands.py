"""The command line; it runs the same jobs as the window, in its own process."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click
import yaml

from napari_emseg import __version__
from napari_emseg.api.segment import segment_file
from napari_emseg.cli.cells import cells, correct
from napari_emseg.cli.export import export_cells
from napari_emseg.cli.in_blocks import kept_options, refuse_kept
from napari_emseg.cli.measure import measure
from napari_emseg.cli.options_and_progress import (
    Slices,
    SlicesOrAll,
    exit_status,
    given,
    options_of,
    progress_and_stop,
    say,
    slice_bar,
    voxel_size_option,
)
from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.core.config.cells import CellsConfig
from napari_emseg.core.config.foreign import ForeignConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.core.config.volume_scores import VolumeScoresConfig
from napari_emseg.engine.train.labelled_stack import labelled_stacks
from napari_emseg.engine.train.train_stacks import train_stacks
from napari_emseg.errors import CancelledError
from napari_emseg.io.layout.location import Location
from napari_emseg.io.read import check_partners, read_stack
from napari_emseg.model.foreign.arrival import find_any_model, import_model
from napari_emseg.model.packages.introduction import introduction
from napari_emseg.model.packages.library import (
    DEFAULT,
    export_model,
    find_model,
    list_models,
    remove_model,
)
from napari_emseg.model.train.history import worst_source
from napari_emseg.types import LabelsMeaning, Stack, VoxelSize, What

_PATH = click.Path(path_type=Path)
_OUT = click.Path()  # text: a Path would lose the slash that says "a folder"
_overwrite = click.option("--overwrite", is_flag=True, help="Replace what is there.")
_device = click.option(
    "--device", default="auto", show_default=True, help="auto, cpu, gpu or gpu:0."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__)
def cli() -> None:
    """Segment membranes and cells in serial-section electron microscopy.

    A stack is a TIFF, a folder of slices, a .zarr, .h5, .mrc, .npy and others: docs/formats.md.
    """


@cli.command()
@click.option("--headless", is_flag=True, help="Show nothing; write the results to --out.")
@click.option(
    "--out", type=_PATH, default=Path("demo-out"), show_default=True,
    help="Folder for the screenshot, the mask and the scores.",
)  # fmt: skip
def demo(headless: bool, out: Path) -> None:
    """Segment the bundled sample in napari."""
    from napari_emseg.ui.demo import run_demo

    if written := run_demo(out=out, headless=headless):
        click.echo(f"{written}: screenshot.png, mask.tif, scores.json")


@cli.command()
@click.argument("images", type=_PATH)
@click.argument("labels", type=_PATH)
@click.argument("more", type=_PATH, nargs=-1, metavar="[IMAGES LABELS]...")
@click.option("--out", type=_PATH, required=True, help="Run folder to make.")
@click.option("--name", default=None, help="Name of the model; the run folder's by default.")
@click.option(
    "--slices", type=SlicesOrAll(), multiple=True,
    help="Use only these labelled slices, such as 0:24. Of several stacks give it once for each, "
    "in order: all means all of one.",
)  # fmt: skip
@click.option(
    "--val-slices", type=SlicesOrAll(), multiple=True,
    help="Validate on these slices, likewise; all leaves it to --val-fraction.",
)  # fmt: skip
@click.option(
    "--weight", "weights", type=click.FloatRange(min=0, min_open=True), multiple=True,
    help="How often patches are drawn from a stack; once for each, all alike by default.",
)  # fmt: skip
@click.option(
    "--from",
    "start_from",
    help="Start from the weights of this model; one of two classes may learn to tell more.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Go on after the last epoch of the run in --out, with its settings.",
)
@click.option(
    "--labels-mean", type=click.Choice(get_args(LabelsMeaning)), multiple=True,
    help="Meaning of the labels; recognised by default, and said. Once for all stacks, or once "
    "for each.",
)  # fmt: skip
@_device
@options_of(TrainConfig)
@options_of(NetworkConfig)
@options_of(AugmentConfig)
@options_of(TermsConfig)
def train(
    images: Path, labels: Path, more: tuple[Path, ...], out: Path, name: str | None, **options: Any
) -> None:
    """Train a U-Net on IMAGES and LABELS, or on several such pairs, which may differ in all.

    Stacks are resampled to one pixel size (--network-pixel-nm), and each counts alike.

    Labels are a mask (nonzero is cell), membranes (nonzero is membrane), scribbles (1 membrane, 2
    cell) or instances. With --classes 3 and more they are scribbles, 3, 4, ... being parts of
    cells such as mitochondria.
    """
    if len(more) % 2:
        raise click.UsageError(f"There are no LABELS for {more[-1]}.")
    settings = given(options, TrainConfig, NetworkConfig, AugmentConfig, TermsConfig)
    start_from = options.pop("start_from")
    paths = [images, labels, *more]
    for partners in zip(paths[::2], paths[1::2], strict=True):
        say(check_partners(*partners))
    pairs = [
        (_image(a, among_several=bool(more)), read_stack(b, kind="labels"))
        for a, b in zip(paths[::2], paths[1::2], strict=True)
    ]
    about = {each: options.pop(each) for each in ("labels_mean", "slices", "val_slices", "weights")}
    stacks = labelled_stacks(pairs, **about)
    with progress_and_stop() as watched:
        result = train_stacks(
            stacks, folder=out, name=name, settings=settings,
            start_from=None if start_from is None else find_model(start_from),
            **options, **watched,
        )  # fmt: skip
    worst = worst_source(result.best)
    click.echo(
        f"{result.package}: best epoch {result.best['epoch']:.0f}, "
        f"{_reached(result.best)} on validation"
        + ("" if worst is None else f", worst {worst[1]:.4f} on {worst[0]}")
    )
    if result.stopped:
        raise CancelledError("Stopped; the best model so far is kept.")


def _reached(best: Mapping[str, float]) -> str:
    """The score that chose an epoch: scribbles have no V_rand."""
    v_rand = best["val_v_rand"]
    return f"loss {best['val_loss']:.4f}" if math.isnan(v_rand) else f"V_rand {v_rand:.4f}"


def _image(path: Path, *, among_several: bool) -> Stack:
    """Several are named after their folders, too, in which files are often called alike."""
    stack, folder = read_stack(path, kind="image"), Location.of(path).path.absolute().parent.name
    return replace(stack, name=f"{folder}/{stack.name}") if among_several else stack


@cli.command()
@click.argument("stack", type=_PATH)
@click.option("--out", type=_OUT, required=True, help="OUT.tif, OUT.npy, OUT.zarr or a folder/.")
@_overwrite
@click.option(
    "--model", default=DEFAULT, show_default=True, help="A model's name, or where it lies."
)
@click.option(
    "--what", type=click.Choice(get_args(What)), default="probability", show_default=True,
    help="float32 in 0..1; uint8 in {0, 255}; ids, followed through the slices; or uint8 as in "
    "scribbles: 1 membrane, 2 cell, 3.. further classes.",
)  # fmt: skip
@click.option("--slices", type=Slices(), help="Only these slices, such as 3:7.")
@click.option(
    "--resume", is_flag=True, help="Go on after the last finished slice, if --out was begun."
)
@_device
@options_of(MaskConfig, without_default=["threshold"])
@options_of(CellsConfig)
@options_of(PredictConfig)
@options_of(BlocksConfig)
@click.option("--invert", is_flag=True, help="Membranes are bright: --membranes bright.")
def predict(stack: Path, out: str, model: str, what: What, invert: bool, **options: Any) -> None:
    """Segment STACK, slice by slice; --threshold is the model's own where it is not given."""
    settings = given(options, MaskConfig, CellsConfig, PredictConfig, BlocksConfig)
    if invert and settings.setdefault("membranes", "bright") != "bright":
        raise click.UsageError(f"--invert and --membranes {settings['membranes']} differ.")
    with progress_and_stop() as watched:
        result = segment_file(
            stack, out, model=model, output=what, **options, **settings, **watched
        )
    if not result.slices and settings.get("part"):
        click.echo(f"{out}: other parts are missing")
        return
    click.echo(f"{out}: {result.slices} slices in {result.seconds:.1f} s with {result.device}")
    if result.cells is not None:
        say([f"{result.cells.words('--least-slices 2 leaves them out')}."])


@cli.command()
@click.argument("prediction", type=_PATH)
@click.argument("truth", type=_PATH)
@click.option(
    "--slices", type=Slices(),
    help="Score these slices of TRUTH, and of PREDICTION where it has as many slices.",
)  # fmt: skip
@click.option(
    "--truth-means", type=click.Choice(get_args(LabelsMeaning)),
    help="mask: nonzero is cell; membranes: nonzero is membrane; instances: each id is a cell; "
    "scribbles: 0 unknown and left out, 1 membrane, 2 and more cell. Recognised by default, and "
    "said.",
)  # fmt: skip
@click.option(
    "--threshold", type=click.FloatRange(0, 1),
    help="Score at this threshold alone, in place of the best of 0, 0.1, ... 1.",
)  # fmt: skip
@click.option("--against", type=_PATH, help="A second prediction, to test which is better.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--csv", "as_csv", type=_PATH, help="Write the scores as a table to this file.")
@click.option("--report", type=_PATH, help="Write a page with pictures: OUT.html or OUT.pdf.")
@click.option("--image", type=_PATH, help="The slices that were predicted, for that page.")
@click.option("--model", help="The model that predicted, to be named with the scores.")
@click.option(
    "--volume", is_flag=True,
    help="Score the cells through the slices as well: adapted Rand error, variation of "
    "information, CREMI score, mergers and splits. Both must hold ids.",
)  # fmt: skip
@options_of(VolumeScoresConfig)
@voxel_size_option("the file")
@options_of(BlocksConfig)
@kept_options("in a temporary folder of this machine")
def evaluate(prediction: Path, truth: Path, volume: bool, **options: Any) -> None:
    """Compare PREDICTION with TRUTH by the scores of the ISBI 2012 challenge, or of a volume.

    PREDICTION is a probability, a mask, classes or cells; what it is taken for is said. A slice of
    TRUTH that is 0 everywhere is not labelled and takes no part. In blocks the scores of the volume
    alone are made.
    """
    from napari_emseg.cli.evaluate import EvaluateOptions, evaluate_in_blocks, run_evaluate

    settings, shared = given(options, VolumeScoresConfig), given(options, BlocksConfig)
    if (settings or shared) and not volume:
        name = next(iter([*settings, *shared])).replace("_", "-")
        raise click.UsageError(f"--{name} needs --volume.")
    keep, overwrite = options.pop("keep"), options.pop("overwrite")
    if shared:
        evaluate_in_blocks(
            prediction, truth, options, keep=keep, overwrite=overwrite, **settings, **shared
        )
        return
    refuse_kept(keep, overwrite)
    config = VolumeScoresConfig(**settings) if volume else None
    run_evaluate(prediction, truth, EvaluateOptions(**options, volume=config))


@cli.command()
@click.argument("source", metavar="IN", type=_PATH)
@click.argument("out", type=_OUT)
@click.option(
    "--voxel-size-nm", type=float, nargs=3, metavar="Z Y X",
    help="Record this voxel size, such as 50 4 4, in place of what IN says.",
)  # fmt: skip
@_overwrite
def convert(source: Path, out: str, voxel_size_nm: VoxelSize | None, overwrite: bool) -> None:
    """Convert a stack: TIFF, folder of PNG or TIFF slices, .npy, .zarr.

    OUT's ending says the form; a path without one, or with a slash at its end, is a folder.
    """
    from napari_emseg.io.convert import convert as convert_stack

    with slice_bar() as advance:
        convert_stack(
            source, out, overwrite=overwrite, voxel_size_nm=voxel_size_nm, on_slice=advance,
            on_note=lambda note: say([note]),
        )  # fmt: skip
    click.echo(out)


@cli.group()
def models() -> None:
    """List, show, import, export and remove models."""


@models.command("list")
def list_() -> None:
    """List the model that ships and those of your library."""
    for package in list_models():
        score = package.info.scores.get("val_v_rand")
        shown = "" if score is None else f"V_rand {score:.4f} on {package.info.measured_on}"
        click.echo(f"{package.folder.name:24} {shown:48} {package.folder}")


@models.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what a model says of itself: network, threshold, training, scores, terms."""
    package = find_any_model(name)
    click.echo(f"folder: {package.folder}")
    click.echo(f"scores were measured on: {package.info.measured_on or 'nobody knows what'}")
    click.echo(yaml.safe_dump(package.info.to_config(), sort_keys=False).rstrip())


@models.command("import")
@click.argument("source", type=_PATH)
@click.option("--name", default=None, help="What to call it; as it calls itself by default.")
@_overwrite
@options_of(ForeignConfig)
def import_(source: Path, name: str | None, overwrite: bool, **options: Any) -> None:
    """Copy a model into your library: a package's folder or zip file, a run folder, or ONNX.

    Says what the model says of itself: who made it, its terms, network and sizes. All options but
    --name and --overwrite are of networks that others have made, as an ONNX file or in the
    bioimage.io form; what a package says need not be given.
    """
    package = import_model(source, name, overwrite=overwrite, **given(options, ForeignConfig))
    say(introduction(package))
    click.echo(package.folder)


@models.command()
@click.argument("name")
@click.argument("out", type=_PATH)
@_overwrite
def export(name: str, out: Path, overwrite: bool) -> None:
    """Write a model as OUT.zip, or as a folder."""
    export_model(name, out, overwrite=overwrite)
    click.echo(out)


@models.command()
@click.argument("name")
@click.confirmation_option("--yes", prompt="Delete this model from your library?")
def remove(name: str) -> None:
    """Delete a model from your library; asks first."""
    remove_model(name)


cli.add_command(cells)
cli.add_command(correct)
cli.add_command(measure)
cli.add_command(export_cells)


@cli.command()
def doctor() -> None:
    """Say what hardware is used, and why not more."""
    from napari_emseg.engine.hardware.doctor import diagnose

    click.echo(diagnose())


def main(args: Sequence[str] | None = None) -> None:
    """Entry point of ``napari-emseg``."""
    sys.exit(exit_status(cli, args))
