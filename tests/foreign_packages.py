"""Models as others make them: ONNX, alone or in a package in the bioimage.io form 0.4 or 0.5.

What their tests expect is computed by ONNX Runtime and by the formulas of the specification, and by
nothing of ours.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import yaml
from onnx import TensorProto, helper, numpy_helper

EDGE = 96


def image(edge: int = EDGE) -> np.ndarray:
    """Grey values (Y, X) float32, 0..255, as a microscope might give them."""
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(edge // 8, edge // 8)).repeat(8, 0).repeat(8, 1)
    return np.clip(120 + 40 * smooth + rng.normal(0, 10, (edge, edge)), 0, 255).astype(np.float32)


def small_network(
    *,
    axes: str = "bcyx",
    channels: int = 2,
    slices: int = 1,
    last: str | None = "Sigmoid",
    size: int | None = None,
    padding: int = 1,
) -> onnx.ModelProto:
    """Two convolutions with random weights; ``size`` is that of the only tiles that it takes."""
    rng = np.random.default_rng(1)
    tensors = [
        numpy_helper.from_array(rng.normal(0, 0.4, shape).astype(np.float32), name)
        for name, shape in {"a": (4, slices, 3, 3), "b": (channels, 4, 3, 3)}.items()
    ]
    pads = [padding] * 4
    nodes = [
        helper.make_node("Conv", ["in", "a"], ["one"], pads=pads),
        helper.make_node("Relu", ["one"], ["two"]),
        helper.make_node("Conv", ["two", "b"], ["three"], pads=pads),
        helper.make_node(last or "Identity", ["three"], ["out"]),
    ]
    ends = ["in", "out"]
    if axes == "byxc":
        nodes.insert(0, helper.make_node("Transpose", ["x"], ["in"], perm=[0, 3, 1, 2]))
        nodes.append(helper.make_node("Transpose", ["out"], ["y"], perm=[0, 2, 3, 1]))
        ends = ["x", "y"]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, _shape(axes, count, size))
        for name, count in zip(ends, (slices, channels), strict=True)
    ]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def _shape(axes: str, channels: int, size: int | None) -> list[Any]:
    return [{"b": "b", "c": channels}.get(axis, size or axis) for axis in axes]


def as_others_have_it(path: Path) -> onnx.ModelProto:
    """A network of ours as one of others: channels first, membrane in the second of its two."""
    model = onnx.load(path)
    graph = model.graph
    (into,), (out,) = graph.input, graph.output
    ours = into.name, out.name
    one = numpy_helper.from_array(np.float32(1), "one_of_others")
    graph.initializer.append(one)
    graph.node.insert(
        0, helper.make_node("Transpose", ["their_image"], [ours[0]], perm=[0, 2, 3, 1])
    )
    graph.node.extend(
        [
            helper.make_node("Transpose", [ours[1]], ["cell"], perm=[0, 3, 1, 2]),
            helper.make_node("Sub", ["one_of_others", "cell"], ["membrane"]),
            helper.make_node("Concat", ["cell", "membrane"], ["both"], axis=1),
        ]
    )
    for ports, name, count in ((graph.input, "their_image", 1), (graph.output, "both", 2)):
        del ports[:]
        shape = ["b", count, "y", "x"]
        ports.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    onnx.checker.check_model(model)
    return model


def run(model: onnx.ModelProto, tensor: np.ndarray) -> np.ndarray:
    """What ONNX Runtime says."""
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {session.get_inputs()[0].name: tensor})[0]


def write_package(
    folder: Path,
    model: onnx.ModelProto,
    *,
    version: str = "0.5",
    before: list[dict[str, Any]] | None = None,
    scaled: np.ndarray | None = None,
    raw: np.ndarray | None = None,
    axes: str = "bcyx",
    names: tuple[str, ...] = ("cell", "membrane"),
    size: int | None = None,
    nm: float | None = None,
) -> Path:
    """A package of others; ``scaled`` is what ``before`` makes of the test image ``raw``."""
    folder.mkdir(parents=True)
    raw = image() if raw is None else raw
    if scaled is None:
        scaled, before = (raw - raw.mean()) / (raw.std() + 1e-6), _ZERO_MEAN[version]
    position = tuple(axes.index(each) for each in "bc")
    given, ready = (np.expand_dims(each, position) for each in (raw, scaled.astype(np.float32)))
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    np.save(folder / "in.npy", given)
    np.save(folder / "out.npy", run(model, ready))
    (folder / "README.md").write_text("# A model of others\n")
    (folder / "net.pt").write_bytes(b"cos\nsystem\n.")
    describe = _rdf_0_4 if version == "0.4" else _rdf_0_5
    rdf = describe(folder, before or [], axes, names, size or 0, nm)
    (folder / "rdf.yaml").write_text(yaml.safe_dump(rdf, sort_keys=False))
    return folder


_ZERO_MEAN: dict[str, list[dict[str, Any]]] = {
    "0.4": [
        {"name": "zero_mean_unit_variance",
         "kwargs": {"mode": "per_sample", "axes": "yx", "eps": 1e-6}}
    ],
    "0.5": [{"id": "zero_mean_unit_variance", "kwargs": {"axes": ["y", "x"]}}],
}  # fmt: skip


def _entry(folder: Path, name: str) -> dict[str, str]:
    return {
        "source": name,
        "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
    }


def _about(version: str) -> dict[str, Any]:
    return {
        "type": "model",
        "format_version": {"0.4": "0.4.10", "0.5": "0.5.4"}[version],
        "name": "Membranes of others",
        "description": "Finds membranes.",
        "authors": [{"name": "Ada Lovelace"}],
        "license": "MIT",
        "cite": [{"text": "Nobody: Nothing. 2024.", "doi": "10.1007/978-3-319-24574-4_28"}],
        "tags": ["membrane"],
        "timestamp": "2024-05-06T07:08:09",
    }


def _rdf_0_4(
    folder: Path, before: list[Any], axes: str, names: tuple[str, ...], size: int, nm: float | None
) -> dict[str, Any]:
    def each(channels: int, length: int) -> list[int]:
        return [{"b": 1, "c": channels}.get(axis, length) for axis in axes]

    steps = [{"b": 0, "c": 0}.get(axis, 16) for axis in axes]
    ways = [{"b": 1.0, "c": 1.0}.get(axis, 1.0) for axis in axes]
    return {
        **_about("0.4"),
        "documentation": "README.md",
        "inputs": [{
            "name": "raw", "axes": axes, "data_type": "float32", "preprocessing": before,
            "shape": each(1, size) if size else {"min": each(1, 32), "step": steps},
        }],
        "outputs": [{
            "name": " and ".join(names), "axes": axes, "data_type": "float32",
            "halo": [{"b": 0, "c": 0}.get(axis, 8) for axis in axes],
            "shape": each(len(names), size) if size
            else {"reference_tensor": "raw", "scale": ways, "offset": [0.0] * 4},
        }],
        "test_inputs": ["in.npy"],
        "test_outputs": ["out.npy"],
        "weights": {"onnx": {**_entry(folder, "net.onnx"), "opset_version": 15}},
    }  # fmt: skip


def _rdf_0_5(
    folder: Path, before: list[Any], axes: str, names: tuple[str, ...], size: int, nm: float | None
) -> dict[str, Any]:
    unit = {} if nm is None else {"unit": "nanometer", "scale": nm}

    def axis(letter: str, channels: tuple[str, ...], sizes: Any, **more: Any) -> dict[str, Any]:
        if letter == "b":
            return {"type": "batch"}
        if letter == "c":
            return {"type": "channel", "channel_names": list(channels)}
        return {"type": "space", "id": letter, "size": sizes(letter), **unit, **more}

    def same(letter: str) -> dict[str, Any]:
        return {"tensor_id": "raw", "axis_id": letter}

    into = [axis(each, ("grey",), lambda _: size or {"min": 32, "step": 16}) for each in axes]
    return {
        **_about("0.5"),
        "documentation": {"source": "README.md"},
        "inputs": [{
            "id": "raw", "axes": into, "data": {"type": "float32"}, "preprocessing": before,
            "test_tensor": _entry(folder, "in.npy"),
        }],
        "outputs": [{
            "id": "answer", "axes": [axis(each, names, same, halo=8) for each in axes],
            "data": {"type": "float32"}, "test_tensor": _entry(folder, "out.npy"),
        }],
        "weights": {"onnx": {**_entry(folder, "net.onnx"), "opset_version": 15}},
    }  # fmt: skip
