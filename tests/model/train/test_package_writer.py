"""A written package is a valid bioimage.io model, and replaces another only when it is whole."""

from __future__ import annotations

import gc
import json
import warnings
import zipfile
from dataclasses import replace

import imageio.v3 as iio
import keras
import numpy as np
import pytest
import tifffile
import yaml

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.terms import UNSTATED, TermsConfig
from napari_emseg.errors import WriteError
from napari_emseg.io.disk import atomic
from napari_emseg.model.hardware.device_choice import WRITE_ONNX
from napari_emseg.model.network.unet import build_unet
from napari_emseg.model.packages.library import SHIPPED, shipped_folder
from napari_emseg.model.packages.package import (
    ONNX_WEIGHTS,
    RDF,
    WEIGHTS,
    PackageInfo,
    read_package,
)
from napari_emseg.model.runtimes import onnx as _onnx
from napari_emseg.model.runtimes.keras_runtime import load_network
from napari_emseg.model.train import package_writer
from napari_emseg.model.train.package_writer import write_package

writes_onnx = pytest.mark.skipif(
    keras.backend.backend() not in WRITE_ONNX, reason="Keras writes no ONNX on others"
)


def names_in(folder):
    return sorted(each.name for each in folder.iterdir())


def pair_of(folder):
    """Test input, normalised as the description says and any consumer would, and test output."""
    rdf = yaml.safe_load((folder / RDF).read_text())
    image, expected = np.load(folder / "test_input.npy"), np.load(folder / "test_output.npy")
    (step,) = rdf["inputs"][0]["preprocessing"]
    assert step["id"] == "zero_mean_unit_variance"
    ids = [axis.get("id", axis["type"]) for axis in rdf["inputs"][0]["axes"]]
    over = tuple(ids.index(each) for each in step["kwargs"]["axes"])
    mean, deviation = (f(image, axis=over, keepdims=True) for f in (np.mean, np.std))
    return ((image - mean) / (deviation + step["kwargs"]["eps"])).astype(np.float32), expected


def assert_reproduces_its_test_output(folder):
    image, expected = pair_of(folder)
    found = load_network(read_package(folder)).predict_on_batch(image)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-5
    assert np.ptp(expected) > 0.01


def assert_onnx_reproduces_the_test_output(folder):
    onnxruntime = pytest.importorskip("onnxruntime")
    image, expected = pair_of(folder)
    session = onnxruntime.InferenceSession(folder / ONNX_WEIGHTS)
    (name,) = (each.name for each in session.get_inputs())
    (found,) = session.run(None, {name: image})
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-4
    # and any other size will do
    twice = np.concatenate([image, image], axis=2)
    assert session.run(None, {name: twice})[0].shape == (*twice.shape[:3], expected.shape[-1])


def assert_valid(folder, noted=()):
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
    warned = [warning for detail in summary.details for warning in detail.warnings]
    # it would like a maintainer's GitHub name
    found = {each.loc[-1] for each in warned if "`maintainers`" not in each.msg}
    # nor is author or licence made up where nobody gave one
    unsaid = {"authors", "license"} - set(yaml.safe_load((folder / RDF).read_text()))
    assert found <= {*noted, *unsaid}, summary.format()


def test_a_package_comes_back(package_at, tmp_path, tiny):
    info = {"threshold": 0.3, "voxel_size_nm": (50.0, 4.0, 4.0), "scores": {"val_v_rand": 0.9}}
    package = read_package(package_at(tmp_path / "p", **info))
    assert package.info == PackageInfo("tiny cells", tiny, **info)
    assert names_in(tmp_path / "p") == sorted([
        "README.md", "cover.png", RDF, "sample_input.tif", "sample_output.tif", "test_input.npy",
        "test_output.npy", WEIGHTS,
    ])  # fmt: skip
    assert names_in(tmp_path) == ["p"]
    assert "val_v_rand: 0.9000" in (tmp_path / "p" / "README.md").read_text()


@pytest.mark.parametrize("name", ["tiny cells", "x", "Zelle µ/7: [neu]", "n" * 200])
def test_it_is_a_valid_model_whatever_its_name(package_at, tmp_path, name):
    folder = package_at(tmp_path / "p", name)
    assert_valid(folder)
    assert read_package(folder).info.name == name


@pytest.mark.slow
def test_it_names_its_author_and_licence_where_they_are_given(package_at, tmp_path):
    for license in next(each.choices for each in TermsConfig.settings() if each.choices):
        folder = package_at(tmp_path / license, terms=TermsConfig("A. Painter", license))
        assert_valid(folder)
        described = yaml.safe_load((folder / RDF).read_text())
        assert described["authors"] == [{"name": "A. Painter"}]
        assert described.get("license", UNSTATED) == license
    described = yaml.safe_load((package_at(tmp_path / "p") / RDF).read_text())
    assert not {"authors", "license"} & set(described)


def test_it_reproduces_its_test_output(package_at, tmp_path):
    assert_reproduces_its_test_output(package_at(tmp_path / "p"))


@pytest.mark.slow
@writes_onnx
@pytest.mark.onnx
@pytest.mark.parametrize(
    "network",
    [
        NetworkConfig(2, 4),
        NetworkConfig(1, 4, residual=False, normalisation="layer", dropout=0.3, input_slices=3),
        NetworkConfig(
            1, 3, normalisation="none", classes=4, class_names="membrane,cell,mitochondrion,class 4"
        ),
    ],
    ids=lambda network: f"{network.normalisation}-{network.input_slices}-{network.classes}",
)
def test_any_network_is_written_whole(tmp_path, network_of, network, stack):
    sample = stack.data[: network.input_slices]
    write_package(tmp_path / "p", PackageInfo("any one", network), network_of(network), sample)
    assert_valid(tmp_path / "p")
    assert_reproduces_its_test_output(tmp_path / "p")
    assert_onnx_reproduces_the_test_output(tmp_path / "p")
    assert read_package(tmp_path / "p").info.network == network
    for name, pages in [("input", network.input_slices), ("output", network.channels)]:
        with tifffile.TiffFile(tmp_path / "p" / f"sample_{name}.tif") as file:
            assert [page.shape for page in file.pages] == [(96, 96)] * pages
    rdf = yaml.safe_load((tmp_path / "p" / RDF).read_text())
    (names,) = (axis["channel_names"] for axis in rdf["outputs"][0]["axes"][3:])
    if network.classes == 2:
        assert names == ["cell"]
    else:
        assert names == ["membrane", "cell", "mitochondrion", "class 4"]
    assert rdf["config"]["napari_emseg"]["class_names"] == ["membrane", "cell", *names[2:]]


@pytest.mark.onnx
def test_it_is_valid_with_its_int8_form(whole_package):
    assert_valid(whole_package.folder)
    rdf = yaml.safe_load((whole_package.folder / RDF).read_text())
    assert [each["source"] for each in rdf["attachments"]] == ["int8.xml", "int8.bin"]


def test_a_cost_of_int8_without_the_form_is_not_noted(package_at, tmp_path):
    assert read_package(package_at(tmp_path / "p", int8_cost=0.0)).info.int8_cost is None


@pytest.mark.onnx
def test_a_converter_that_fails_costs_the_onnx_file_alone(
    package_at, tmp_path, monkeypatch, caplog
):
    def fail(path, _):
        path.write_bytes(b"half")
        raise KeyError("no such operator")

    monkeypatch.setattr(_onnx, "_export", fail)
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    folder = package_at(tmp_path / "p")
    assert "The package has no ONNX weights: the converter failed" in caplog.text
    assert "no such operator" in caplog.text
    assert not (folder / ONNX_WEIGHTS).exists()
    assert list(yaml.safe_load((folder / RDF).read_text())["weights"]) == ["keras_v3"]


@pytest.mark.onnx
@writes_onnx
@pytest.mark.parametrize("wrong", [1, 9])
def test_what_the_converter_writes_is_compared_with_keras(
    tmp_path, monkeypatch, caplog, network_of, wrong
):
    """Once in a while tf2onnx writes a network of another shape: an axis too many."""
    network, export, calls = NetworkConfig(1, 3), _onnx._export, []
    other = network_of(replace(network, classes=4))
    other.predict_on_batch(np.zeros((1, 64, 64, 1), np.float32))

    def export_another(path, model):
        calls.append(path)
        export(path, other if len(calls) <= wrong else model)

    monkeypatch.setattr(_onnx, "_export", export_another)
    assert _onnx.write_onnx(tmp_path / "w.onnx", network_of(network)) is (wrong == 1)
    assert (tmp_path / "w.onnx").exists() is (wrong == 1)
    assert len(calls) == (2 if wrong == 1 else 3)
    assert ("what the converter writes is wrong" in caplog.text) is (wrong == 9)


@pytest.mark.onnx
def test_a_disk_that_is_full_is_no_fault_of_the_converter(package_at, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_onnx, "_export", fail)
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    with pytest.raises(WriteError, match="No space left"):
        package_at(tmp_path / "p")


def test_on_another_backend_it_has_keras_weights_alone(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    assert not _onnx.write_onnx(tmp_path / "w.onnx", None)
    assert "on jax, Keras cannot write them" in caplog.text
    assert names_in(tmp_path) == []


def test_what_a_person_sees_of_it(package_at, tmp_path, stack):
    folder = package_at(tmp_path / "p")
    edge = stack.shape[1]
    cover = iio.imread(folder / "cover.png")
    assert (cover.shape, cover.dtype) == ((edge, 2 * edge), np.uint8)
    output = np.load(folder / "test_output.npy")[0, ..., 0]
    np.testing.assert_allclose(cover[:, edge:], output * 255, atol=0.51)
    # on the left the slice: its greys, spread from black to white
    assert np.corrcoef(cover[:, :edge].ravel(), stack.slice(0).ravel())[0, 1] > 0.99
    assert (cover[:, :edge].min(), cover[:, :edge].max()) == (0, 255)
    np.testing.assert_array_equal(tifffile.imread(folder / "sample_input.tif"), stack.slice(0))
    np.testing.assert_array_equal(tifffile.imread(folder / "sample_output.tif"), output)


def test_the_default_card(package_at, tmp_path):
    terms = "for research only"
    said = TermsConfig(data_terms=terms)
    folder = package_at(tmp_path / "p", terms=said, training={"stack": "larva"})
    card = (folder / "README.md").read_text()
    assert f"Trained on larva. Terms of the data: {terms}" in card
    assert "https://doi.org/10.1007/978-3-319-24574-4_28" in card
    assert "(cover.png)" in card
    unknown = (package_at(tmp_path / "q") / "README.md").read_text()
    assert "Terms of the data: Not stated. Ask who made the data" in unknown


def test_after_mixed_precision_it_is_float32_and_without_optimizer(tmp_path, tiny, stack):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_unet(tiny)
    finally:
        keras.config.set_dtype_policy(policy)
    model.compile("adam", "binary_crossentropy")
    write_package(tmp_path / "p", PackageInfo("mixed", tiny), model, stack.data[:1])
    written = load_network(read_package(tmp_path / "p"))
    assert {layer.compute_dtype for layer in written.layers} == {"float32"}
    with zipfile.ZipFile(tmp_path / "p" / WEIGHTS) as file:
        assert not json.loads(file.read("config.json"))["compile_config"]
    for x, y in zip(written.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)
    assert_reproduces_its_test_output(tmp_path / "p")


def test_slices_smaller_than_the_test_input(tmp_path, network_of):
    network = NetworkConfig(3, 2)
    sample = np.random.default_rng(0).integers(0, 255, (1, 30, 500)).astype(np.uint8)
    write_package(tmp_path / "p", PackageInfo("small one", network), network_of(network), sample)
    assert np.load(tmp_path / "p" / "test_input.npy").shape == (1, 32, 256, 1)
    assert_reproduces_its_test_output(tmp_path / "p")
    assert_valid(tmp_path / "p")


def test_the_model_s_own_card(tmp_path, tiny, network_of, stack):
    write_package(
        tmp_path / "p", PackageInfo("cells", tiny), network_of(tiny), stack.data[:1], card="# Mine"
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

    def fail(new, path):
        raise PermissionError(13, "in use")

    monkeypatch.setattr(atomic, "put_in_place", fail)
    with pytest.raises(WriteError, match=r"could not be written: in use"):
        package_at(tmp_path / "p", "second one", seed=1)
    assert read_package(tmp_path / "p").info.name == "first one"
    assert names_in(tmp_path) == ["p"]


def test_a_folder_that_cannot_be_made(package_at, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match="could not be written: "):
        package_at(tmp_path / "file" / "p")


# -- the models that ship -------------------------------------------------------------------------


def test_the_shipped_models_are_small():
    assert sum(each.stat().st_size for each in shipped_folder().parent.rglob("*")) <= 45e6


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_valid_and_reproduces_its_test_output(name):
    # the first one was written without samples
    assert_valid(shipped_folder(name), noted=["sample_tensor"])
    assert_reproduces_its_test_output(shipped_folder(name))
