"""What a recipe scores on ISBI slices that took no part in its training.

A recipe is a list of options of ``napari-emseg train``; everything runs through the command line,
as a person would. A run is trained on one group's other slices, three of which validate it, and
is then scored on the group's three slices: by the challenge's V_rand and V_info (best threshold),
at the model's own threshold, and with test-time flips. Every run adds one row to
``benchmarks/recipes.csv``, from which the table in ``docs/recipes.md`` is made.

``make bench`` trains two recipes on all but slices 24 to 26, some 40 minutes on two cores:
``minutes-10``, the first useful model, and ``default``, the model that ships. Runs that are done
are not trained again, interrupted ones go on. Other runs::

    python benchmarks/bench_recipes.py NAME [NAME ...] [--groups 24-26 12-14 0-2]

The ISBI slices are looked for in ``$EMSEG_ISBI_DIR``, by default ``../shared/data/isbi2012``;
napari fetches them by *File > Open Sample > EM segmentation > ISBI 2012 (download)*.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import shlex
import subprocess
import sys
from pathlib import Path

from isbi import IMAGES, LABELS, REPO, require_isbi

import napari_emseg as em

RUNS = REPO / "runs" / "recipes"
TABLE = REPO / "benchmarks" / "recipes.csv"

GROUPS = {
    "24-26": {"--slices": "0:24", "--val-slices": "12,20"},
    "12-14": {"--slices": "0:12,15:27", "--val-slices": "6,20"},
    "0-2": {"--slices": "3:27", "--val-slices": "10,20"},
}
"""Slices held out for scoring, and what trains and validates in their absence."""

WIDE = (
    "--grid-probability 0.5 --shear-probability 0.25 --shift-probability 0.25 --zoom 0.25 "
    "--blur-probability 0.2 --gamma-probability 0.3 --contrast-probability 0.5 "
    "--noise-probability 0.5 --noise 0.3 --doubled-probability 0.03 --fold-probability 0.05"
)
"""Augmentation as it was at first."""

RECIPES = {
    "default": "",
    "minutes-10": "--minutes 10",
    "three-slices": "--input-slices 3",
    "patches-2": "--batch-size 2",
    "large-patches": "--patch-size 384 --batch-size 2",
    "wide": WIDE,
    "long": "--epochs 240",
    "24-filters": "--base-filters 24",
    "32-filters": "--base-filters 32",
    "8-filters": "--base-filters 8",
    "reversal": "--reversal-probability 0.1",
    "short": "--epochs 30",
    "short-no-residual": "--epochs 30 --no-residual",
    "short-no-border-weight": "--epochs 30 --border-weight 0",
    "short-dice": "--epochs 30 --loss dice",
    "short-cldice": "--epochs 30 --loss cldice",
    "short-8-filters": "--epochs 30 --base-filters 8",
    "short-32-filters": "--epochs 30 --base-filters 32",
    "short-average": "--epochs 30 --ema 0.98",
}
"""Options of ``napari-emseg train``, beside its defaults."""

FLOORS = {"default": (0.985, 0.987), "minutes-10": (0.95, 0.0)}
"""V_rand and V_info on slices 24 to 26 that must be reached."""


def command(*arguments: str | Path) -> str:
    """Run ``napari-emseg`` and return what it printed."""
    line = [sys.executable, "-m", "napari_emseg", *map(str, arguments)]
    return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout


def train(recipe: str, group: str) -> Path:
    """Train unless that is done; gives the model package."""
    out = RUNS / f"{recipe}-{group}"
    if not (out / "package").exists():
        held_out = [text for pair in GROUPS[group].items() for text in pair]
        command(
            "train", IMAGES, LABELS, "--out", out,
            *held_out, *shlex.split(RECIPES[recipe]),
            *(["--resume"] if (out / "last.keras").exists() else []),
        )  # fmt: skip
    return out / "package"


def score(package: Path, group: str, *flags: str) -> dict[str, float]:
    """Scores of a model on a group's slices at the best threshold."""
    out = package.with_name("prediction.tif")
    command(
        "predict", IMAGES, "--model", package, "--slices", slices_of(group),
        "--out", out, "--overwrite", *flags,
    )  # fmt: skip
    return evaluate(out, group)


def slices_of(group: str) -> str:
    """What ``--slices`` takes for the three slices of a group."""
    first, last = map(int, group.split("-"))
    return f"{first}:{last + 1}"


def evaluate(prediction: Path, group: str) -> dict[str, float]:
    """Scores of a prediction of a group's slices at the best threshold."""
    found = command("evaluate", prediction, LABELS, "--slices", slices_of(group), "--json")
    scores: dict[str, float] = json.loads(found)["stack"]
    return scores


def gflop_per_slice(package: Path) -> float:
    """Multiplications and additions of the network for a slice of 512 x 512 px, in 10^9."""
    import keras
    from keras import layers

    model = keras.models.load_model(package / "weights.keras", compile=False)
    fixed = keras.Input((512, 512, model.input.shape[-1]))
    total = 0
    for layer in keras.models.clone_model(model, input_tensors=fixed).layers:
        if isinstance(layer, layers.Conv2D | layers.Conv2DTranspose):
            # what meets the whole kernel: each output pixel; of a transposed one, each input pixel
            met = layer.input if isinstance(layer, layers.Conv2DTranspose) else layer.output
            total += 2 * math.prod(layer.kernel.shape) * met.shape[1] * met.shape[2]
    return total / 1e9


def measure(recipe: str, group: str) -> dict[str, str]:
    """Train and score; gives a row of the table."""
    package = train(recipe, group)
    with (package.parent / "history.csv").open() as file:
        history = list(csv.DictReader(file))
    validated = em.load_model(package).info.scores
    plain, flips = score(package, group), score(package, group, "--tta")
    own = score(package, group, "--what", "mask")
    return {
        "recipe": recipe,
        "options": RECIPES[recipe],
        "group": group,
        "gflop": f"{gflop_per_slice(package):.1f}",
        "epochs": str(len(history)),
        "minutes": f"{float(history[-1]['seconds']) / 60:.1f}",
        "val_v_rand": f"{validated['val_v_rand']:.4f}",
        "val_v_info": f"{validated['val_v_info']:.4f}",
        "v_rand": f"{plain['v_rand']:.4f}",
        "v_info": f"{plain['v_info']:.4f}",
        "pixel_accuracy": f"{plain['pixel_accuracy']:.4f}",
        "threshold": f"{plain['threshold']:.1f}",
        "own_v_rand": f"{own['v_rand']:.4f}",
        "own_v_info": f"{own['v_info']:.4f}",
        "tta_v_rand": f"{flips['v_rand']:.4f}",
        "tta_v_info": f"{flips['v_info']:.4f}",
    }


def record(row: dict[str, str], table: Path = TABLE) -> None:
    """Add a row to a table, in the place of an older one of the same run."""
    rows = []
    if table.exists():
        with table.open() as file:
            rows = list(csv.DictReader(file))
    name, key = next(iter(row)), row["group"]
    rows = [each for each in rows if (each[name], each["group"]) != (row[name], key)]
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, row.keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, row])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipes", nargs="*", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=["24-26"])
    chosen = parser.parse_args()
    require_isbi()
    for recipe in chosen.recipes or FLOORS:
        for group in chosen.groups:
            row = measure(recipe, group)
            record(row)
            print(
                f"{recipe}, slices {group}: V_rand {row['v_rand']}, V_info {row['v_info']}, pixel "
                f"accuracy {row['pixel_accuracy']}, with flips {row['tta_v_rand']} / "
                f"{row['tta_v_info']}; {row['epochs']} epochs, {row['minutes']} min",
                flush=True,
            )
            if group == "24-26" and recipe in FLOORS:
                v_rand, v_info = FLOORS[recipe]
                print(f"  (at least {v_rand} and {v_info} wanted)", flush=True)


if __name__ == "__main__":
    main()
