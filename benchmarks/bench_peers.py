"""What ten minutes of training reach here, and what they reach in BiaPy, in turn on one machine.

Both train on the same ISBI 2012 slices, choose their checkpoint by the same validation slices, and
are scored on the same three slices that took no part (groups as in ``bench_recipes.py``), by
``napari-emseg evaluate``: V_rand, V_info and pixel accuracy at the best threshold, and at the
model's own (0.5 for BiaPy, which chooses none). Each has two threads. The minutes are those of
training alone: starting, writing the model and predicting come on top, for both.

BiaPy [1]_ trains its plain 2-D ``unet`` (16 to 256 feature maps) on patches of 256 px, four a step,
by AdamW at 0.001 and cross-entropy, with rotation, flips, zoom, elastic deformation and brightness;
it is ended when the minutes are over, and its best checkpoint predicts. It is no dependency:
give it an environment of its own, once, and say where that is::

    python3.11 -m venv /tmp/biapy
    /tmp/biapy/bin/pip install biapy==3.7.1
    python benchmarks/bench_peers.py --biapy /tmp/biapy/bin/python

``$EMSEG_BIAPY`` may name it as well. Runs that are done, in ``runs/peers``, are not run again; the
table is ``benchmarks/peers.csv``. A minute on a machine that does other work besides is worth less,
so the steps that each made, and the seconds of each, stand in it. A row that another processor made
is to be kept under another name.

.. [1] Franco-Barranco et al.: BiaPy: accessible deep learning on bioimages. Nature Methods 2025.
   https://doi.org/10.1038/s41592-025-02699-y
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import tifffile
from bench_recipes import GROUPS, command, evaluate, record, score, slices_of
from isbi import IMAGES, LABELS, REPO, isbi_slices, require_isbi

import napari_emseg as em
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.train.steps import steps_per_epoch

RUNS = REPO / "runs" / "peers"
TABLE = REPO / "benchmarks" / "peers.csv"
THREADS = "2"
_STEP = re.compile(r"Epoch: \[(\d+)\]\s+\[\s*(\d+)/(\d+)\].* lr: ")
"""What BiaPy tells of a step of training; those of validation have no learning rate."""


def environment() -> dict[str, str]:
    """Two threads for either, whatever the machine has."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    return {**os.environ, **dict.fromkeys(names, THREADS), "CUDA_VISIBLE_DEVICES": ""}


# -- BiaPy --------------------------------------------------------------------------------------


def chosen(text: str) -> list[int]:
    """Slices of a selection such as ``0:12,15:27``."""
    parts = [[int(end) for end in part.split(":")] for part in text.split(",")]
    return [z for part in parts for z in (range(*part) if len(part) == 2 else part)]


def write_slices(folder: Path, slices: list[int]) -> None:
    """A folder ``x`` of slices and a folder ``y`` of their masks, cells 1, as BiaPy reads them."""
    grey, labels = isbi_slices(slices)
    for name, planes in (("x", (grey * 255).astype(np.uint8)), ("y", labels > 0)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for z, plane in zip(slices, planes, strict=True):
            tifffile.imwrite(folder / name / f"{z:02d}.tif", plane.astype(np.uint8))


def biapy_config(data: Path, *, train: bool) -> dict[str, object]:
    """Configuration of a training or of a prediction."""

    def paths(part: str) -> dict[str, object]:
        return {"PATH": str(data / part / "x"), "GT_PATH": str(data / part / "y")}

    changes = ("RANDOM_ROT", "VFLIP", "HFLIP", "ZOOM", "ELASTIC", "BRIGHTNESS")
    return {
        "SYSTEM": {"NUM_CPUS": int(THREADS), "NUM_WORKERS": 0, "SEED": 0},
        "PROBLEM": {"TYPE": "SEMANTIC_SEG", "NDIM": "2D"},
        "DATA": {
            "PATCH_SIZE": "(256, 256, 1)",
            "TRAIN": {**paths("train"), "IN_MEMORY": True},
            "VAL": {**paths("val"), "FROM_TRAIN": False, "IN_MEMORY": True},
            "TEST": {"PATH": str(data / "test" / "x"), "LOAD_GT": False, "PADDING": "(32, 32)"},
        },
        "AUGMENTOR": {"ENABLE": True, "AUG_SAMPLES": False, **dict.fromkeys(changes, True)},
        "MODEL": {
            "ARCHITECTURE": "unet",
            "FEATURE_MAPS": [16, 32, 64, 128, 256],
            "LOAD_CHECKPOINT": not train,
        },
        "LOSS": {"TYPE": ["CE"]},
        "TRAIN": {
            "ENABLE": train,
            "OPTIMIZER": ["ADAMW"],
            "LR": [1e-3],
            "BATCH_SIZE": 4,
            "EPOCHS": 10_000,
        },
        "TEST": {"ENABLE": not train},
    }


def biapy(python: str, out: Path, config: dict[str, object]) -> subprocess.Popen[str]:
    """Start BiaPy; what it prints comes line by line."""
    path = out / "config.yaml"
    path.write_text(json.dumps(config))  # which is YAML, too
    program = "import biapy; biapy.main()"
    line = ["-u", "-c", program, "--config", path, "--result_dir", out, "--name", "peer"]
    return subprocess.Popen(
        [python, *map(str, line)], env=environment(), cwd=out, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def train_biapy(python: str, out: Path, config: dict[str, object], minutes: float) -> int:
    """Train until the minutes are over; gives the steps made, to the last ten that it told."""
    steps, over = 0, None
    with biapy(python, out, config) as process, (out / "log.txt").open("w", buffering=1) as log:
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            if over is None and "~~~ Epoch 1/" in line:
                over = threading.Timer(60 * minutes, process.terminate)
                over.start()
            if told := _STEP.search(line):
                epoch, step, of = map(int, told.groups())
                steps = (epoch - 1) * of + step + 1
    if over is None or not steps:
        sys.exit(f"BiaPy did not train; {out / 'log.txt'} says why")
    over.cancel()
    return steps


def predict_biapy(python: str, out: Path, config: dict[str, object]) -> Path:
    """A stack of the cells' probabilities, by the best checkpoint."""
    with biapy(python, out, config) as process, (out / "predict.txt").open("w") as log:
        assert process.stdout is not None
        log.writelines(process.stdout)
    found = sorted(out.glob("**/per_image/*.tif"))
    if not found:
        sys.exit(f"BiaPy predicted nothing; {out / 'predict.txt'} says why")
    stack = np.stack([np.squeeze(tifffile.imread(path)) for path in found]).astype(np.float32)
    tifffile.imwrite(out / "prediction.tif", stack, photometric="minisblack")
    mask = (stack > 0.5).astype(np.uint8)
    tifffile.imwrite(out / "mask.tif", mask, photometric="minisblack")
    return out / "prediction.tif"


def run_biapy(python: str, out: Path, group: str, minutes: float) -> dict[str, float]:
    """Train BiaPy and score it; gives what the table says of it."""
    data = out / "data"
    for part, slices in slices_by_part(group).items():
        write_slices(data / part, slices)
    trained = out / "steps.txt"
    if not trained.exists():
        steps = train_biapy(python, out, biapy_config(data, train=True), minutes)
        trained.write_text(str(steps))
    prediction = predict_biapy(python, out, biapy_config(data, train=False))
    own = evaluate(out / "mask.tif", group)
    return about(int(trained.read_text()), minutes, evaluate(prediction, group), own)


# -- ours ---------------------------------------------------------------------------------------


def run_ours(out: Path, group: str, minutes: float) -> dict[str, float]:
    """Train by ``napari-emseg train --minutes`` and score; gives what the table says of it."""
    held_out = [text for pair in GROUPS[group].items() for text in pair]
    os.environ |= environment()
    if not (out / "package").exists():
        command("train", IMAGES, LABELS, "--out", out, *held_out, "--minutes", str(minutes))
    with (out / "history.csv").open() as file:
        epochs = len(list(csv.DictReader(file)))
    recipe = Recipe.from_dict(em.load_model(out / "package").info.training["recipe"])
    steps = epochs * steps_per_epoch([(512, 512)] * len(slices_by_part(group)["train"]), recipe)
    own = score(out / "package", group, "--what", "mask")
    return about(steps, minutes, score(out / "package", group), own)


# -- both ---------------------------------------------------------------------------------------


def slices_by_part(group: str) -> dict[str, list[int]]:
    """Which slices train, validate and score."""
    held_out = GROUPS[group]
    validation = chosen(held_out["--val-slices"])
    train = [z for z in chosen(held_out["--slices"]) if z not in validation]
    return {"train": train, "val": validation, "test": chosen(slices_of(group))}


def about(
    steps: int, minutes: float, best: dict[str, float], own: dict[str, float]
) -> dict[str, float]:
    """What the table says of a run, beside its name; validation counts among the seconds."""
    scores = {name: best[name] for name in ("v_rand", "v_info", "pixel_accuracy", "threshold")}
    at_own = {f"own_{name}": own[name] for name in ("v_rand", "v_info")}
    return (
        {"minutes": minutes, "steps": steps, "s_per_step": 60 * minutes / steps} | scores | at_own
    )


def run(tool: str, group: str, minutes: float, python: str) -> dict[str, str]:
    """A row of the table; a training that is done is not done again."""
    out = RUNS / f"{tool}-{group}-{minutes:g}"
    done = out / "row.json"
    if not done.exists():
        out.mkdir(parents=True, exist_ok=True)
        if tool == "ours":
            found = run_ours(out / "run", group, minutes)
        else:
            found = run_biapy(python, out, group, minutes)
        done.write_text(json.dumps(found))
    values = json.loads(done.read_text()).items()
    figures = {name: f"{value:.4f}" if "v_" in name else f"{value:.4g}" for name, value in values}
    return {"run": f"{tool}, {minutes:g} min", "group": group, **figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--biapy", default=os.environ.get("EMSEG_BIAPY"), metavar="PYTHON")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--tools", nargs="+", choices=("biapy", "ours"), default=["biapy", "ours"])
    asked = parser.parse_args()
    require_isbi()
    if "biapy" in asked.tools and not asked.biapy:
        parser.error("--biapy: expected the python of an environment that has BiaPy; see the top")
    for group in asked.groups:
        for tool in asked.tools:
            row = run(tool, group, asked.minutes, asked.biapy)
            record(row, TABLE)
            print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
