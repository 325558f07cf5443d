"""A model of others, tried before it is used, in a process of its own (`trial`)."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import yaml

from napari_emseg.errors import ModelError
from napari_emseg.model.packages.package import RDF, ModelPackage, read_package
from napari_emseg.model.runtimes.run_in_subprocess import run_in_subprocess

_TRIAL = "napari_emseg.model.foreign.trial"


def check(package: ModelPackage) -> ModelPackage:
    """Try a package of others; what was measured of it is written into its description.

    Raises
    ------
    ModelError
        If its own test is not reproduced, it cannot be run, or what it gives is no probability.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        try:
            run_in_subprocess(_TRIAL, package.folder, out)
            found = json.loads(out.read_text(encoding="utf-8"))
        except (RuntimeError, OSError, ValueError) as error:
            raise ModelError(
                f"model: {package.info.name} cannot be tried, it ends the program that runs it "
                f"({error})"
            ) from error
    if "error" in found:
        raise ModelError(found["error"])
    rdf = yaml.safe_load((package.folder / RDF).read_text(encoding="utf-8"))
    rdf["config"]["napari_emseg"]["foreign"]["widest"] = found["widest"]
    (package.folder / RDF).write_text(yaml.safe_dump(rdf, sort_keys=False), encoding="utf-8")
    return read_package(package.folder)
