"""A written package is a valid bioimage.io model, and replaces another only when it is whole."""

from __future__ import annotations

import gc
import warnings

import numpy as np
import pytest
import yaml

from napari_emseg.core.config import NetworkConfig
from napari_emseg.errors import WriteError
from napari_emseg.model import package_writer
from napari_emseg.model.library import shipped_folder
from napari_emseg.model.package import RDF, WEIGHTS, PackageInfo, read_package
from napari_emseg.model.package_writer import write_package
from napari_emseg.model.runtime import load_network


def names_in(folder):
    return sorted(each.name for each in folder.iterdir())


def assert_reproduces_its_test_output(folder):
    """As any bioimage.io consumer would: normalise as the description says, run, compare."""
    rdf = yaml.safe_load((folder / RDF).read_text())
    image, expected = np.load(folder / "test_input.npy"), np.load(folder / "test_output.npy")
    (step,) = rdf["inputs"][0]["preprocessing"]
    assert step["id"] == "zero_mean_unit_variance"
    normalised = (image - image.mean()) / (image.std() + step["kwargs"]["eps"])
    found = load_network(read_package(folder)).predict_on_batch(normalised.astype(np.float32))
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-5
    assert np.ptp(expected) > 0.01


def assert_valid(folder):
    """By the specification's own validator, which reads all files and compares their hashes."""
    from bioimageio.spec import InvalidDescr, ValidationContext, load_description

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves files open, and uses what pydantic deprecates
        with ValidationContext(perform_io_checks=True):
            description = load_description(folder / RDF)
        summary = description.validation_summary
        valid = not isinstance(description, InvalidDescr)
        del description
        gc.collect()
    # "passed" is for models that were run as well, which needs bioimageio.core
    assert valid, summary.format()
    assert summary.status in ("passed", "valid-format"), summary.format()
    noted = {warning.loc[-1] for detail in summary.details for warning in detail.warnings}
    assert noted <= {"sample_tensor"}, summary.format()


def test_a_package_comes_back(package_at, tmp_path, tiny):
    info = {"threshold": 0.3, "voxel_size_nm": (50.0, 4.0, 4.0), "scores": {"val_v_rand": 0.9}}
    package = read_package(package_at(tmp_path / "p", **info))
    assert package.info == PackageInfo("tiny cells", tiny, **info)
    assert names_in(tmp_path / "p") == [
        "README.md", RDF, "test_input.npy", "test_output.npy", WEIGHTS,
    ]  # fmt: skip
    assert names_in(tmp_path) == ["p"]
    assert "val_v_rand: 0.9000" in (tmp_path / "p" / "README.md").read_text()


@pytest.mark.parametrize("name", ["tiny cells", "x", "Zelle µ/7: [neu]", "n" * 200])
def test_it_is_a_valid_model_whatever_its_name(package_at, tmp_path, name):
    folder = package_at(tmp_path / "p", name)
    assert_valid(folder)
    assert read_package(folder).info.name == name


def test_it_reproduces_its_test_output(package_at, tmp_path):
    assert_reproduces_its_test_output(package_at(tmp_path / "p"))


def test_slices_smaller_than_the_test_input(tmp_path, network_of):
    network = NetworkConfig(3, 2)
    sample = np.random.default_rng(0).integers(0, 255, (30, 500)).astype(np.uint8)
    write_package(tmp_path / "p", PackageInfo("small one", network), network_of(network), sample)
    assert np.load(tmp_path / "p" / "test_input.npy").shape == (1, 32, 256, 1)
    assert_reproduces_its_test_output(tmp_path / "p")
    assert_valid(tmp_path / "p")


def test_the_model_s_own_card(tmp_path, tiny, network_of, stack):
    write_package(
        tmp_path / "p", PackageInfo("cells", tiny), network_of(tiny), stack.slice(0), card="# Mine"
    )
    assert (tmp_path / "p" / "README.md").read_text() == "# Mine"


def test_a_package_replaces_another(package_at, tmp_path):
    package_at(tmp_path / "p", "first one")
    package_at(tmp_path / "p", "second one", seed=1)
    assert read_package(tmp_path / "p").info.name == "second one"
    assert_reproduces_its_test_output(tmp_path / "p")
    assert names_in(tmp_path) == ["p"]


@pytest.mark.parametrize(
    ("failing", "error"),
    [("_describe", OSError(28, "No space left on device")), ("_write_test_pair", MemoryError())],
)
def test_a_failure_leaves_the_old_package_whole(package_at, tmp_path, monkeypatch, failing, error):
    def fail(*_):
        raise error

    package_at(tmp_path / "p", "first one")
    monkeypatch.setattr(package_writer, failing, fail)
    expected = WriteError if isinstance(error, OSError) else MemoryError
    with pytest.raises(expected):
        package_at(tmp_path / "p", "second one", seed=1)
    assert read_package(tmp_path / "p").info.name == "first one"
    assert_reproduces_its_test_output(tmp_path / "p")
    assert names_in(tmp_path) == ["p"]


def test_a_failure_of_the_last_step_puts_the_old_package_back(package_at, tmp_path, monkeypatch):
    package_at(tmp_path / "p", "first one")
    rename = package_writer.Path.rename

    def fail_once(self, to):
        if self.name == ".p-new":
            raise PermissionError(13, "in use")
        return rename(self, to)

    monkeypatch.setattr(package_writer.Path, "rename", fail_once)
    with pytest.raises(WriteError, match=r"cannot be written .*in use"):
        package_at(tmp_path / "p", "second one", seed=1)
    assert read_package(tmp_path / "p").info.name == "first one"


def test_what_an_interrupted_run_left_is_cleaned_up(package_at, tmp_path):
    package_at(tmp_path / ".p-old", "from before")
    (tmp_path / ".p-new").mkdir()
    package_at(tmp_path / "p", "new one")
    assert names_in(tmp_path) == ["p"]


def test_a_folder_that_cannot_be_made(package_at, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match=r"cannot be written .*; free some space or"):
        package_at(tmp_path / "file" / "p")


# -- the model that ships -------------------------------------------------------------------------


def test_the_shipped_model_is_valid_and_small():
    size = sum(each.stat().st_size for each in shipped_folder().rglob("*"))
    assert size <= 20e6
    assert_valid(shipped_folder())


def test_the_shipped_model_reproduces_its_test_output():
    assert_reproduces_its_test_output(shipped_folder())
