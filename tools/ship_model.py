"""Put the model of a finished run into the wheel.

The card is the README.md that lies in the model's folder already: edit it first. Test input and
cover come from the phantom, never from the slices that the model was trained on, whose terms do
not let us hand them on. All models together may take 45 MB, so only `default` has its network as
ONNX, which single precision without Keras needs.

    python tools/ship_model.py runs/default default
    python tools/learn_edges.py default             # what belongs together, by its probabilities
    python tools/ship_model.py runs/mitochondria mitochondria
"""

from __future__ import annotations

import sys
from dataclasses import replace

import yaml

from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.io.isbi2012 import ISBI_TERMS
from napari_emseg.io.samples import phantom
from napari_emseg.model.network.seen_slices import read_seen
from napari_emseg.model.packages.edges import read_edges, write_edges
from napari_emseg.model.packages.library import DEFAULT, SHIPPED, find_model, shipped_folder
from napari_emseg.model.packages.package import ONNX_WEIGHTS, RDF
from napari_emseg.model.runtimes.int8 import copy_int8
from napari_emseg.model.runtimes.keras_runtime import load_network
from napari_emseg.model.train.package_writer import write_package

LARGEST_MB = 45

VNC_TERMS = (
    "Drosophila larva (VNC): Gerhard et al. (2013), doi 10.6084/m9.figshare.856713, CC BY-NC-SA "
    "3.0, for the purpose of generating or testing non-commercial image segmentation software."
)
EPFL_TERMS = (
    "Mouse hippocampus: the EPFL electron microscopy data set (Lucchi et al., CVLAB), for "
    "research, to be cited; its membrane and mitochondria labels are MIT-licensed (GraphLab)."
)
SNEMI_TERMS = (
    "Mouse cortex (SNEMI3D): Kasthuri et al. (2015), doi 10.1016/j.cell.2015.06.054; published by "
    "the challenge's organisers under CC BY 4.0, doi 10.5281/zenodo.7142003."
)

TERMS = {
    "default": (ISBI_TERMS, VNC_TERMS, EPFL_TERMS, SNEMI_TERMS),
    "isbi2012": (ISBI_TERMS,),
    "mitochondria": (ISBI_TERMS, VNC_TERMS, EPFL_TERMS, SNEMI_TERMS),
}
"""What the data of each model that ships allows."""


def main() -> None:
    trained, name = find_model(sys.argv[1]), sys.argv[2]
    shipped = shipped_folder(name)
    terms = TermsConfig("napari-emseg developers", "BSD-3-Clause", " ".join(TERMS[name]))
    info = replace(trained.info, name=name, terms=terms)
    card = (shipped / "README.md").read_text(encoding="utf-8")
    stack, _ = phantom()
    sample = read_seen(stack, len(stack) // 2, info.network)
    edges = read_edges(trained)  # until they are learned anew
    write_package(shipped, info, load_network(trained), sample, card=card)
    if name == DEFAULT:
        write_edges(find_model(name), edges)
    copy_int8(trained, shipped)
    if name != DEFAULT:
        leave_out_onnx(name)
    sizes = {each: size_mb(each) for each in SHIPPED}
    for each, size in sizes.items():
        print(f"{each:14} {size:6.2f} MB")
    if sum(sizes.values()) > LARGEST_MB:
        sys.exit(f"too large to ship: at most {LARGEST_MB} MB together")


def leave_out_onnx(name: str) -> None:
    """Remove the ONNX form of a model that ships, and its mention."""
    folder = shipped_folder(name)
    (folder / ONNX_WEIGHTS).unlink(missing_ok=True)
    description = yaml.safe_load((folder / RDF).read_text(encoding="utf-8"))
    description["weights"].pop("onnx", None)
    (folder / RDF).write_text(yaml.safe_dump(description, sort_keys=False), encoding="utf-8")


def size_mb(name: str) -> float:
    """What a model that ships takes."""
    return sum(each.stat().st_size for each in shipped_folder(name).glob("*")) / 1e6


if __name__ == "__main__":
    main()
