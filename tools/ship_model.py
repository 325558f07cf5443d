"""Put the model of a finished run into the wheel, as ``default``.

The card is the README.md that lies in the model's folder already: edit it first. Test input and
cover come from the phantom, never from the slices that the model was trained on, whose terms do
not let us hand them on.

    python tools/ship_model.py runs/default
"""

from __future__ import annotations

import sys
from dataclasses import replace

from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.io.isbi2012 import ISBI_TERMS
from napari_emseg.io.samples import phantom
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.packages.library import DEFAULT, find_model
from napari_emseg.model.runtimes.int8 import copy_int8
from napari_emseg.model.runtimes.keras_runtime import load_network
from napari_emseg.model.train.package_writer import write_package

LARGEST_MIB = 20


def main() -> None:
    trained, shipped = find_model(sys.argv[1]), find_model(DEFAULT).folder
    terms = TermsConfig("napari-emseg developers", "BSD-3-Clause", ISBI_TERMS)
    info = replace(trained.info, name=DEFAULT, terms=terms)
    card = (shipped / "README.md").read_text(encoding="utf-8")
    stack, _ = phantom()
    sample = read_seen(stack, len(stack) // 2, info.network)
    write_package(shipped, info, load_network(trained), sample, card=card)
    copy_int8(trained, shipped)
    size = sum(file.stat().st_size for file in shipped.iterdir()) / 2**20
    print(f"{shipped}: {size:.1f} MiB (at most {LARGEST_MIB})")
    for file in sorted(shipped.iterdir()):
        print(f"  {file.name:20} {file.stat().st_size / 2**20:6.2f} MiB")
    if size > LARGEST_MIB:
        sys.exit("too large to ship")


if __name__ == "__main__":
    main()
