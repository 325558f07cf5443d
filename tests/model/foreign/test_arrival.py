"""Models of others: tried when they come, and used as any other."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml

import foreign_packages as others
import hostile_packages as hostile
import napari_emseg as em
from napari_emseg.core.networks.foreign import ForeignNetwork, Step
from napari_emseg.errors import ModelError, SettingError
from napari_emseg.model.foreign.arrival import find_any_model, import_model, opened_model
from napari_emseg.model.packages.introduction import introduction
from napari_emseg.model.packages.library import export_model, list_models

VERSIONS = ("0.4", "0.5")


def changed(folder, change):
    """A package whose description ``change`` has altered."""
    rdf = yaml.safe_load((folder / "rdf.yaml").read_text())
    change(rdf)
    (folder / "rdf.yaml").write_text(yaml.safe_dump(rdf))
    return folder


def at(rdf, path, value):
    """Set ``inputs.0.axes`` or the like."""
    *way, last = (int(each) if each.isdigit() else each for each in path.split("."))
    for each in way:
        rdf = rdf[each]
    rdf[last] = value


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "about",
    [
        {},
        {"axes": "byxc"},
        {"size": others.EDGE},
        {"names": ("one membrane",)},
        {"names": ("interior",)},
    ],
    ids=str,
)
def test_a_package_of_others_reproduces_its_test(tmp_path, version, about):
    names = about.get("names", ("cell", "membrane"))
    model = others.small_network(
        axes=about.get("axes", "bcyx"), channels=len(names), size=about.get("size")
    )
    folder = others.write_package(tmp_path / "theirs", model, version=version, **about)
    given = {"channel": 2} if version == "0.4" and len(names) == 2 else {}
    package = import_model(folder, "theirs", **given)
    network = package.info.network
    assert isinstance(network, ForeignNetwork)
    assert network.axes == about.get("axes", "bcyx")
    assert network.tile_px == about.get("size", 0)
    assert network.shows == ("cell" if names == ("interior",) else "membrane")
    assert network.channel == len(names) - 1
    assert network.margin_px == 8
    assert package.info.terms.author == "Ada Lovelace"
    assert package.info.terms.license == "MIT"


def scaled(image, low, high):
    first, last = np.percentile(image, [low, high])
    return np.clip((image - first) / (last - first + 1e-6), 0, 1)


@pytest.mark.parametrize(
    ("version", "before", "make"),
    [
        ("0.4", [{"name": "scale_linear", "kwargs": {"gain": 0.01, "offset": -1}}],
         lambda x: x * 0.01 - 1),
        ("0.4", [{"name": "zero_mean_unit_variance",
                  "kwargs": {"mode": "fixed", "axes": "yx", "mean": 120.0, "std": [40.0]}}],
         lambda x: (x - 120) / (40 + 1e-6)),
        ("0.4", [{"name": "scale_range", "kwargs": {"mode": "per_sample", "axes": "yx",
                  "min_percentile": 2, "max_percentile": 98}},
                 {"name": "clip", "kwargs": {"min": 0, "max": 1}}],
         lambda x: scaled(x, 2, 98)),
        ("0.5", [{"id": "ensure_dtype", "kwargs": {"dtype": "float32"}},
                 {"id": "scale_range", "kwargs": {"axes": ["y", "x"], "min_percentile": 1.0,
                  "max_percentile": 99.0}},
                 {"id": "clip", "kwargs": {"min": 0.0, "max": 1.0}}],
         lambda x: scaled(x, 1, 99)),
        ("0.5", [{"id": "fixed_zero_mean_unit_variance", "kwargs": {"mean": 110.0, "std": 30.0}}],
         lambda x: (x - 110) / 30),
        ("0.5", [{"id": "scale_linear", "kwargs": {"gain": [0.01], "axis": "channel"}}],
         lambda x: x * 0.01),
    ],
)  # fmt: skip
def test_grey_values_are_taken_as_described(tmp_path, version, before, make):
    folder = others.write_package(
        tmp_path / "theirs", others.small_network(channels=1), version=version, before=before,
        scaled=make(others.image()), names=("membrane",),
    )  # fmt: skip
    assert import_model(folder).info.network.before
    with pytest.raises(ModelError, match=r"test is not reproduced: .* of the pixels differ"):
        import_model(folder, "wrong", normalisation="none")


@pytest.mark.parametrize(
    ("version", "path", "value", "named"),
    [
        ("0.4", "format_version", "0.3.6", "format_version"),
        ("0.4", "inputs.0.axes", "bczyx", "inputs: axes: received 'bczyx'"),
        ("0.4", "inputs.0.preprocessing.0.kwargs.mode", "per_dataset", "variance: mode"),
        ("0.4", "inputs.0.preprocessing.0.kwargs.axes", "x", "variance: axes"),
        ("0.4", "inputs.0.preprocessing.0.name", "binarize", "preprocessing: binarize"),
        ("0.4", "outputs.0.postprocessing", [{"name": "scale_mean_variance"}], "scale_mean"),
        ("0.4", "outputs.0.shape.offset", [0, 0, -8, -8], "outputs: y: received"),
        ("0.4", "outputs.0.shape.scale", [1, 1, 2, 2], "outputs: y: received"),
        ("0.4", "weights", {"torchscript": {}}, "weights: received .*torchscript"),
        ("0.4", "test_inputs", ["gone.npy"], "gone.npy is not there"),
        ("0.4", "test_inputs", ["../in.npy"], "in the package's own folder"),
        ("0.5", "inputs.0.axes.2.id", "z", "inputs: axes: received 'bczx'"),
        ("0.5", "inputs.0.axes.0.type", "time", "inputs: axes"),
        ("0.5", "inputs.0.axes.1.channel_names", ["r", "g", "b"], "inputs: channels: received 3"),
        ("0.5", "inputs.0.preprocessing.0.id", "custom", "preprocessing: custom"),
        ("0.5", "outputs.0.axes.2.size.offset", -4, "outputs: axes: y"),
        ("0.5", "outputs.0.postprocessing", [{"id": "stardist_postprocessing"}], "stardist"),
        ("0.5", "outputs.0.test_tensor", None, "outputs: test_tensor"),
        ("0.5", "weights.onnx.source", "/etc/passwd", "in the package's own folder"),
        ("0.5", "weights.onnx.sha256", "0" * 64, "not the file that is described"),
        ("0.5", "inputs", [{"id": "a"}, {"id": "b"}], "inputs: received .'a', 'b'"),
        ("0.5", "inputs", 3, "expected a description in the bioimage.io form"),
    ],
)
def test_what_is_not_met_is_named(tmp_path, library, version, path, value, named):
    folder = others.write_package(tmp_path / "theirs", others.small_network(), version=version)
    with pytest.raises(ModelError, match=named):
        import_model(changed(folder, lambda rdf: at(rdf, path, value)), shows="membrane")
    assert not library.exists() or not list(library.iterdir())


def test_nobody_says_what_the_output_shows(tmp_path):
    names = ("a", "b")
    folder = others.write_package(tmp_path / "theirs", others.small_network(), names=names)
    with pytest.raises(ModelError, match="a person has to say") as caught:
        import_model(folder)
    assert caught.value.settings == {"shows": "membrane"}
    assert import_model(folder, shows="cell", channel=2).info.network.channel == 1


def test_weights_that_are_not_those_of_the_test_are_refused(tmp_path):
    folder = others.write_package(tmp_path / "theirs", others.small_network())
    model = onnx.load(folder / "net.onnx")
    tensor = model.graph.initializer[1]
    tensor.raw_data = bytes(len(tensor.raw_data))
    onnx.save(model, folder / "net.onnx")
    hash_of = others._entry(folder, "net.onnx")["sha256"]
    changed(folder, lambda rdf: at(rdf, "weights.onnx.sha256", hash_of))
    with pytest.raises(ModelError, match="its own test is not reproduced"):
        import_model(folder)


def test_nothing_but_what_is_needed_is_taken_along(tmp_path):
    folder = others.write_package(tmp_path / "theirs", others.small_network())
    package = import_model(folder)
    assert {each.name for each in package.folder.iterdir()} == {
        "README.md", "rdf.yaml", "test_input.npy", "test_output.npy", "weights.onnx"
    }  # fmt: skip
    rdf = yaml.safe_load((package.folder / "rdf.yaml").read_text())
    assert list(rdf["weights"]) == ["onnx"]
    assert rdf["cite"][0]["doi"]


def test_a_test_that_hides_objects_is_not_unpickled(tmp_path):
    folder = others.write_package(tmp_path / "theirs", others.small_network())
    np.save(folder / "in.npy", np.array([{"a": 1}], object), allow_pickle=True)
    hash_of = others._entry(folder, "in.npy")
    changed(folder, lambda rdf: at(rdf, "inputs.0.test_tensor", hash_of))
    with pytest.raises(ModelError, match=r"test_input\.npy cannot be read"):
        import_model(folder)


@pytest.mark.parametrize("name", hostile.onnx_refused())
def test_networks_that_do_harm_are_refused_as_those_of_ours(tmp_path, name):
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "rdf.yaml").write_text("weights: {}\n")
    hostile.onnx_refused()[name](folder)
    with pytest.raises(ModelError):
        import_model(folder / "weights.onnx", "bad", shows="cell", axes="byxc")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_zip_a_folder_and_its_description_are_one(tmp_path, version):
    folder = others.write_package(tmp_path / "theirs", others.small_network(), version=version)
    (folder / "rdf.yaml").rename(folder / "bioimageio.yaml")
    with zipfile.ZipFile(tmp_path / "theirs.zip", "w") as file:
        for each in folder.iterdir():
            file.write(each, each.name)
    for source in (folder, folder / "bioimageio.yaml", tmp_path / "theirs.zip"):
        with opened_model(source) as package:
            assert package.info.name == "Membranes of others"
            assert "ONNX of others" in "\n".join(introduction(package))


def test_exported_it_can_be_imported_again(tmp_path):
    folder = others.write_package(tmp_path / "theirs", others.small_network(), nm=5.0)
    first = import_model(folder, "theirs")
    export_model("theirs", tmp_path / "out.zip")
    again = import_model(tmp_path / "out.zip", "again")
    assert again.info == first.info
    assert again.info.voxel_size_nm == (5, 5, 5)
    assert [each.folder.name for each in list_models()][-2:] == ["again", "theirs"]


def test_an_onnx_file_needs_a_word_on_its_output(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(others.small_network(channels=3, last=None).SerializeToString())
    with pytest.raises(ModelError, match="a person has to say"):
        import_model(path)
    with pytest.raises(ModelError, match=r"expected a probability, 0 to 1.*activation"):
        import_model(path, shows="membrane")
    package = import_model(
        path, shows="membrane", activation="softmax", channel=3, pixel_nm=4, threshold=0.4,
        normalisation="scale_range", max_percentile=99.5,
    )  # fmt: skip
    network = package.info.network
    assert network.after == (Step("softmax"),)
    assert network.before == (Step("scale_range", (1.0, 99.5, 1e-6)),)
    assert (package.info.threshold, package.info.voxel_size_nm) == (0.4, (4, 4, 4))
    assert package.info.name == package.folder.name == "net"


@pytest.mark.parametrize(
    ("about", "given", "said"),
    [
        ({"padding": 0}, {}, "it makes 252 x 252"),
        ({"slices": 3}, {}, "input has 3 channels"),
        ({"channels": 1}, {"channel": 2}, "output has 1 channels"),
        ({"axes": "byxc"}, {}, "takes no tiles of 256 x 256 px, or none with such axes"),
        ({"last": "Tanh"}, {}, "expected a probability"),
    ],
    ids=str,
)
def test_an_onnx_file_that_is_not_as_said_is_refused(tmp_path, about, given, said):
    path = tmp_path / "net.onnx"
    path.write_bytes(others.small_network(**about).SerializeToString())
    with pytest.raises(ModelError, match=said):
        import_model(path, shows="cell", **given)


def test_what_is_said_is_checked(tmp_path):
    with pytest.raises(SettingError, match="did you mean 'channel'"):
        import_model(tmp_path / "net.onnx", chanel=2)
    with pytest.raises(SettingError, match="is a model of napari-emseg"):
        import_model(em.load_model().folder, "mine", channel=2)
    with pytest.raises(ModelError, match="cannot be read"):
        import_model(tmp_path / "net.onnx", shows="cell")


def test_it_is_found_by_its_path_and_tried_once(tmp_path, library):
    folder = others.write_package(tmp_path / "theirs", others.small_network())
    first = find_any_model(str(folder))
    assert first.info.is_foreign
    made = (first.folder / "rdf.yaml").stat().st_mtime_ns
    assert (find_any_model(str(folder)).folder / "rdf.yaml").stat().st_mtime_ns == made
    assert not library.exists()
    changed(folder, lambda rdf: at(rdf, "name", "Others"))
    assert find_any_model(str(folder)).info.name == "Others"
    assert find_any_model("default").info.name == "default"


def test_it_cannot_be_trained_and_says_so(tmp_path):
    folder = others.write_package(tmp_path / "theirs", others.small_network())
    package = import_model(folder)
    with pytest.raises(ModelError, match="can predict and not be trained"):
        _ = package.info.unet


def test_a_path_that_is_nothing_is_named(tmp_path):
    with pytest.raises(ModelError, match="there is no model"):
        find_any_model(str(Path(tmp_path) / "nothing"))
