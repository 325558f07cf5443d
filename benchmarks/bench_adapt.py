"""What three minutes on two labelled slices of a new tissue bring, and what they cost elsewhere.

Each of four tissues in turn: the model that never saw it (``bench_left_out.py`` trains it) learns
from two of its slices by ``napari-emseg train --minutes 3``, and is scored on slices of that tissue
and of the three others that took no part. ``default``, which learned from all four, says what full
training reaches there. Every run adds a row to ``benchmarks/adapt.csv``::

    python benchmarks/bench_adapt.py [SOURCE ...] [--former-share F]
"""

from __future__ import annotations

import argparse

import numpy as np
from bench_left_out import RUNS, SOURCES, train
from bench_recipes import command, record
from bench_tissues import judged_exactly
from isbi import REPO
from sources import DATA

import napari_emseg as em

TABLE = REPO / "benchmarks" / "adapt.csv"

LEARNED = {"ISBI": "6,18", "VNC": "2,6", "EPFL": "25,40", "SNEMI3D": "20,60"}
"""Two slices of each; the second one chooses epoch and threshold."""


def measure(name: str, share: float) -> dict[str, str]:
    """Adapt and score; gives a row of the table."""
    before, source = train("default", name), SOURCES[name]
    out = RUNS / f"adapted-{share:g}-{name}"
    if not (out / "package").exists():
        command(
            "train", DATA / source.images, DATA / source.labels, "--out", out, "--from", before,
            "--slices", LEARNED[name], "--val-slices", LEARNED[name].split(",")[1],
            "--minutes", "3", "--former-share", str(share),
        )  # fmt: skip
    row = {"adapted": f"share {share:g}", "group": name}
    models = {"before": before, "after": out / "package", "full": "default"}
    for when, place in models.items():
        model = em.load_model(place)
        best, click = judged_exactly(model, source, source.slices)
        elsewhere = [
            judged_exactly(model, each, each.slices)[0].v_rand
            for other, each in SOURCES.items()
            if other != name
        ]
        row |= {
            f"{when}_v_rand": f"{best.v_rand:.4f}",
            f"{when}_own_v_rand": f"{click.v_rand:.4f}",
            f"{when}_v_info": f"{best.v_info:.4f}",
            f"{when}_elsewhere": f"{np.mean(elsewhere):.4f}",
        }
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help=", ".join(SOURCES))
    parser.add_argument("--former-share", type=float, default=0.5)
    given = parser.parse_args()
    for name in given.sources or SOURCES:
        row = measure(name, given.former_share)
        record(row, TABLE)
        print(", ".join(f"{key} {value}" for key, value in row.items()), flush=True)


if __name__ == "__main__":
    main()
