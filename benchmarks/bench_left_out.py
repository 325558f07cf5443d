"""What a recipe scores on a tissue that its training never saw: each of four is left out in turn.

A recipe is a list of options of ``napari-emseg train``; everything runs through the command line,
as a person would. A run is trained on three sources, two or one of whose slices choose its epoch
and threshold, and is then scored on slices spread over the whole fourth, at the best threshold
and at its own, and on slices of the three that took no part. Every run adds one row to
``benchmarks/left_out.csv``, from which a table in ``docs/recipes.md`` is made. A run is some 15
minutes on two cores; what is done is not trained again, what was interrupted goes on::

    python benchmarks/bench_left_out.py [RECIPE ...] [--out SOURCE ...]

The stacks are those of ``sources.py``.
"""

from __future__ import annotations

import argparse
import csv
import shlex
from pathlib import Path

import numpy as np
from bench_recipes import command, gflop_per_slice, record
from bench_tissues import judged_exactly
from isbi import REPO
from sources import DATA, TISSUES, Tissue

import napari_emseg as em
from napari_emseg.core.config.presets import OTHER_MICROSCOPES

RUNS, TABLE = REPO / "runs" / "left-out", REPO / "benchmarks" / "left_out.csv"

_VARIED = " ".join(
    f"--{name.replace('_', '-')} {value}" for name, value in OTHER_MICROSCOPES.items()
)

STEPS = "--most-steps 250 --epochs 6 --learning-rate 0.001 --membrane-px 6 --network-pixel-nm 4"
"""As the model that ships, but 1500 steps from weights by chance."""

RECIPES = {
    "default": _VARIED,
    "plain": "",
    "24-filters": f"{_VARIED} --base-filters 24",
    "three-slices": f"{_VARIED} --input-slices 3",
    "8-filters": f"{_VARIED} --base-filters 8",
    "layer-norm": f"{_VARIED} --normalisation layer",
    "6-nm": f"{_VARIED} --network-pixel-nm 6",
    "depth-5": f"{_VARIED} --depth 5",
    "four-times": f"{_VARIED} --epochs 24",
    "distance": f"{_VARIED} --distance-weight 5",
    "distance-four-times": f"{_VARIED} --distance-weight 5 --epochs 24",
}
"""Options beside `STEPS`; ``plain`` has the augmentation of a training on a single stack."""

_TAUGHT = {"ISBI": ("0:24", "12,20"), "VNC": ("0:9", "8"), "EPFL": ("0:10,11:52,53:55", "25,40"),
           "SNEMI3D": ("0:33,34:80", "20,60")}  # fmt: skip
"""Slices that take part where a source is not left out, and which of them validate."""

SOURCES: dict[str, Tissue] = {
    name: next(tissue for title, tissue in TISSUES.items() if title.startswith(name))
    for name in _TAUGHT
}
_SPREAD = 6
"""So many slices of the source that is left out are scored."""


def train(recipe: str, left_out: str) -> Path:
    """Train unless that is done; gives the model package."""
    out = RUNS / f"{recipe}-{left_out}"
    if not (out / "package").exists():
        given = [name for name in SOURCES if name != left_out]
        stacks = [DATA / path for n in given for path in (SOURCES[n].images, SOURCES[n].labels)]
        slices = [text for name in given for text in ("--slices", _TAUGHT[name][0])]
        validated = [text for name in given for text in ("--val-slices", _TAUGHT[name][1])]
        command(
            "train", *stacks, "--out", out, *slices, *validated,
            *shlex.split(f"{STEPS} {RECIPES[recipe]}"),
            *(["--resume"] if (out / "last.keras").exists() else []),
        )  # fmt: skip
    return out / "package"


def measure(recipe: str, left_out: str) -> dict[str, str]:
    """Train and score; gives a row of the table."""
    package = train(recipe, left_out)
    model = em.load_model(package)
    with (package.parent / "history.csv").open() as file:
        seconds = float([*csv.DictReader(file)][-1]["seconds"])
    unseen = SOURCES[left_out]
    best, click = judged_exactly(model, unseen, unseen.spread(_SPREAD))
    home = [
        judged_exactly(model, each, each.slices)[0]
        for name, each in SOURCES.items()
        if name != left_out
    ]
    return {
        "recipe": recipe,
        "group": left_out,
        "gflop": f"{gflop_per_slice(package):.1f}",
        "minutes": f"{seconds / 60:.1f}",
        "v_rand": f"{best.v_rand:.4f}",
        "v_info": f"{best.v_info:.4f}",
        "threshold": f"{best.threshold:.1f}",
        "own_threshold": f"{model.info.threshold:g}",
        "own_v_rand": f"{click.v_rand:.4f}",
        "own_v_info": f"{click.v_info:.4f}",
        "home_v_rand": f"{np.mean([scores.v_rand for scores in home]):.4f}",
        "home_v_info": f"{np.mean([scores.v_info for scores in home]):.4f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", help=", ".join(RECIPES))
    parser.add_argument("--out", nargs="+", choices=SOURCES, default=[*SOURCES])
    chosen = parser.parse_args()
    for recipe in chosen.recipes or ["default"]:
        for left_out in chosen.out:
            row = measure(recipe, left_out)
            record(row, TABLE)
            print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
