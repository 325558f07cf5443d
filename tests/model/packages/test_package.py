"""What a package says comes back, and what is damaged is named; without keras."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import yaml

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.errors import ModelError
from napari_emseg.model.packages.package import RDF, WEIGHTS, PackageInfo, read_package

INFO = PackageInfo(
    name="cells of the fly",
    network=NetworkConfig(3, 8, residual=False),
    threshold=0.4,
    voxel_size_nm=(50.0, 4.0, 4.0),
    training={"stack": "train-volume", "train_slices": [0, 1]},
    scores={"val_v_rand": 0.97},
    terms=TermsConfig("A. Painter", "CC-BY-4.0", "free for research"),
)


def write(folder, block, *, weights=True):
    folder.mkdir()
    (folder / RDF).write_text(yaml.safe_dump({"config": {"napari_emseg": block}}))
    if weights:
        (folder / WEIGHTS).write_bytes(b"")
    return folder


@pytest.mark.parametrize("info", [INFO, PackageInfo("plain")])
def test_info_comes_back(tmp_path, info):
    package = read_package(write(tmp_path / "p", info.to_config()))
    assert package.info == info
    assert package.weights == tmp_path / "p" / WEIGHTS


def test_a_package_of_the_first_version(tmp_path):
    """It knew neither normalisation, dropout and input slices, nor terms."""
    block = INFO.to_config()
    block["network"] = {"depth": 3, "base_filters": 8, "residual": False}
    del block["terms"]
    info = read_package(write(tmp_path / "p", block)).info
    assert info == replace(INFO, terms=TermsConfig())


def test_a_folder_that_is_no_package(tmp_path):
    with pytest.raises(ModelError, match=r"is no model package \(it has no rdf\.yaml\)"):
        read_package(tmp_path)
    with pytest.raises(ModelError, match="is no model package"):
        read_package(tmp_path / "missing")


def test_missing_weights(tmp_path):
    with pytest.raises(ModelError, match=r"is damaged, its weights\.keras is missing"):
        read_package(write(tmp_path / "p", INFO.to_config(), weights=False))


def without(key):
    block = INFO.to_config()
    del block[key]
    return block


@pytest.mark.parametrize(
    "block",
    [
        None,
        "text",
        [],
        {},
        without("network"),
        without("threshold"),
        INFO.to_config() | {"network": {"depth": 99}},
        INFO.to_config() | {"network": {"unheard_of": 1}},
        INFO.to_config() | {"network": None},
        INFO.to_config() | {"threshold": "high"},
        INFO.to_config() | {"voxel_size_nm": [50.0]},
        INFO.to_config() | {"scores": 3},
    ],
)
def test_a_damaged_block(tmp_path, block):
    with pytest.raises(ModelError, match=r"rdf\.yaml cannot be used .*; expected a package"):
        read_package(write(tmp_path / "p", block))


@pytest.mark.parametrize("content", [b"", b"- 1", b"a: [", b"\xff\xfe\xfa", b"type: model"])
def test_a_damaged_description(tmp_path, content):
    folder = write(tmp_path / "p", {})
    (folder / RDF).write_bytes(content)
    with pytest.raises(ModelError, match=r"rdf\.yaml cannot be used"):
        read_package(folder)


def test_a_file_is_no_package(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="file"):
        read_package(tmp_path / "file")


def test_reading_needs_no_keras():
    code = (
        "import sys, napari_emseg.model.packages.library as library;"
        "library.list_models();"
        "print({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("training", "where"),
    [
        ({}, ""),
        ({"validation_slices": [24, 25, 26], "stack": "isbi"}, "slices 24 to 26 of isbi"),
        (
            {"validation_slices": [3], "first_validation_column": 200, "validation_known": 0.1,
             "stack": "em"},
            "the labelled pixels of the right part of slice 3 of em",
        ),
    ],
)  # fmt: skip
def test_it_says_on_what_its_scores_were_measured(training, where):
    assert PackageInfo("x", training=training).measured_on == where
