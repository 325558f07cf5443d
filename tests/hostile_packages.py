"""Model packages as somebody would make them who means harm, each from a real one.

Each maker changes the package in a folder, or packs it, and gives what a person would import.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import yaml

CANARY = "emseg-canary"
"""Comes into being beside the package where code of its maker has run, or a path has left it."""

Make = Callable[[Path], Path]


def reseal(folder: Path) -> Path:
    """Have the description name the files as they are now: whoever means harm can do that, too."""
    rdf = yaml.safe_load((folder / "rdf.yaml").read_text())

    def renew(value: Any) -> None:
        if isinstance(value, dict) and "sha256" in value and (folder / value["source"]).is_file():
            content = (folder / value["source"]).read_bytes()
            value["sha256"] = hashlib.sha256(content).hexdigest()
        for each in value.values() if isinstance(value, dict) else value:
            if isinstance(each, (dict, list)):
                renew(each)

    for name in ("weights.onnx", "int8.xml", "int8.bin"):
        if (folder / name).is_file():
            entry = {"source": name, "sha256": ""}
            rdf["attachments"] = [*rdf.get("attachments", []), entry]
    renew(rdf)
    (folder / "rdf.yaml").write_text(yaml.safe_dump(rdf))
    return folder


# -- zip files -------------------------------------------------------------------------------------


def _zip(folder: Path, add: Callable[[zipfile.ZipFile], object]) -> Path:
    out = folder.with_suffix(".zip")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for each in sorted(folder.iterdir()):
            file.write(each, each.name)
        add(file)
    return out


def _entry(name: str) -> Make:
    return lambda folder: _zip(folder, lambda file: file.writestr(name, "x"))


def _zip_link(folder: Path) -> Path:
    link = zipfile.ZipInfo("cover2.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return _zip(folder, lambda file: file.writestr(link, "/etc/passwd"))


def _zip_bomb(folder: Path) -> Path:
    def add(file: zipfile.ZipFile) -> None:
        with file.open("zeros.bin", "w") as out:
            for _ in range(128):
                out.write(bytes(2**20))

    return _zip(folder, add)


def _zip_lies(folder: Path) -> Path:
    """The directory says 1 byte, and the data are more."""
    out = _zip(folder, lambda file: file.writestr("zeros.bin", bytes(2**20)))
    content = bytearray(out.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (1).to_bytes(4, "little")
    out.write_bytes(bytes(content))
    return out


def _zip_flag(offset: int, value: int) -> Make:
    """Sets a field in the directory's last entry."""

    def make(folder: Path) -> Path:
        out = _zip(folder, lambda file: file.writestr("more.bin", b"x" * 99))
        content = bytearray(out.read_bytes())
        content[content.rindex(b"PK\x01\x02") + offset] = value
        out.write_bytes(bytes(content))
        return out

    return make


def _zip_overlap(folder: Path) -> Path:
    """Two entries of the directory share their data."""
    out = _zip(folder, lambda file: [file.writestr(f"same{k}", bytes(2**16)) for k in range(2)])
    content = bytearray(out.read_bytes())
    last = content.rindex(b"PK\x01\x02")
    before = content.rindex(b"PK\x01\x02", 0, last)
    content[last + 42 : last + 46] = content[before + 42 : before + 46]
    out.write_bytes(bytes(content))
    return out


def _zip_twice(folder: Path) -> Path:
    out = _zip(folder, lambda file: file.writestr("weights.kerat", "x"))
    out.write_bytes(out.read_bytes().replace(b"weights.kerat", b"weights.keras"))
    return out


def _zip_cut(folder: Path) -> Path:
    out = _zip(folder, lambda _: None)
    os.truncate(out, out.stat().st_size - 30)
    return out


def _many(file: zipfile.ZipFile) -> None:
    for k in range(200):
        file.writestr(f"{k}.txt", "")


# -- folders ---------------------------------------------------------------------------------------


def _folder(change: Callable[[Path], object]) -> Make:
    def make(folder: Path) -> Path:
        change(folder)
        return folder

    return make


def _linked_weights(folder: Path) -> Path:
    (folder / "weights.keras").rename(folder.parent / "elsewhere.keras")
    (folder / "weights.keras").symlink_to(folder.parent / "elsewhere.keras")
    return folder


def _sparse(folder: Path) -> Path:
    with (folder / "zeros.bin").open("wb") as file:
        file.truncate(3 * 2**30)
    return folder


# -- descriptions ----------------------------------------------------------------------------------


def _rdf(change: Callable[[dict[str, Any]], object]) -> Make:
    def make(folder: Path) -> Path:
        rdf = yaml.safe_load((folder / "rdf.yaml").read_text())
        change(rdf)
        (folder / "rdf.yaml").write_text(yaml.safe_dump(rdf))
        return folder

    return make


def _block(**values: Any) -> Make:
    return _rdf(lambda rdf: rdf["config"]["napari_emseg"].update(values))


def _network(**values: Any) -> Make:
    return _rdf(lambda rdf: rdf["config"]["napari_emseg"]["network"].update(values))


def _text(change: Callable[[str], str]) -> Make:
    def make(folder: Path) -> Path:
        (folder / "rdf.yaml").write_text(change((folder / "rdf.yaml").read_text()))
        return folder

    return make


_LAUGHS = "\nl0: &l0 [x, x]\n" + "".join(
    f"l{k}: &l{k} [{f'*l{k - 1}, ' * 9}]\n" for k in range(1, 30)
)
_CODE = f"\nrun: !!python/object/apply:os.system ['touch {CANARY}']\n"


def _exchanged(name: str) -> Make:
    def make(folder: Path) -> Path:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(bytes(content))
        return folder

    return make


REFUSED_ON_IMPORT: dict[str, Make] = {
    "zip: ..": _entry(f"../{CANARY}"),
    "zip: deep ..": _entry(f"a/../../{CANARY}"),
    "zip: absolute": _entry(f"/tmp/{CANARY}"),
    "zip: backslash": _entry(f"..\\{CANARY}"),
    "zip: drive": _entry(f"C:{CANARY}"),
    "zip: stream": _entry("weights.keras:x"),
    "zip: folder": _entry("a/b.txt"),
    "zip: empty folder": _entry("a/"),
    "zip: NUL": _zip_flag(47, 0),
    "zip: twice": _zip_twice,
    "zip: twice on Windows": _entry("Weights.Keras"),
    "zip: link": _zip_link,
    "zip: bomb": _zip_bomb,
    "zip: size that lies": _zip_lies,
    "zip: overlap": _zip_overlap,
    "zip: password": _zip_flag(8, 1),
    "zip: packing unknown": _zip_flag(10, 77),
    "zip: cut off": _zip_cut,
    "zip: many files": lambda folder: _zip(folder, _many),
    "folder: linked weights": _linked_weights,
    "folder: link": _folder(lambda f: (f / "a.png").symlink_to("/etc/passwd")),
    "folder: link to itself": _folder(lambda f: (f / "a").symlink_to("a")),
    "folder: pipe": _folder(lambda f: os.mkfifo(f / "a.bin")),
    "folder: folder": _folder(lambda f: (f / "a").mkdir()),
    "folder: 3 GiB of nothing": _sparse,
    "rdf: code": _text(lambda text: text + _CODE),
    "rdf: aliases of aliases": _text(lambda text: text + _LAUGHS),
    "rdf: circle": _text(lambda text: text + "\nloop: &loop [*loop]\n"),
    "rdf: deep": _text(lambda text: text + f"\ndeep: {'[' * 20000}{']' * 20000}\n"),
    "rdf: long": _text(lambda text: text + f"\n# {'x' * 2**21}\n"),
    "rdf: no mapping": _text(lambda _: "- a\n- b\n"),
    "rdf: bytes": _folder(lambda f: (f / "rdf.yaml").write_bytes(b"\xff\xfe\x00")),
    "rdf: empty": _text(lambda _: ""),
    "rdf: depth": _network(depth=10**9),
    "rdf: filters": _network(base_filters=2**40),
    "rdf: no filters": _network(base_filters=-1),
    "rdf: classes": _network(classes=10**6),
    "rdf: network of text": _block(network="unet"),
    "rdf: threshold": _block(threshold=float("nan")),
    "rdf: voxel size": _block(voxel_size_nm=[0, -1, float("inf")]),
    "rdf: scores": _block(scores={"val_v_rand": ["x"]}),
    "rdf: sources": _block(training={"sources": ["x"]}),
    "rdf: slices": _block(training={"train_slices": ["x"]}),
    "rdf: parent": _block(training={"parent": {"a": 1}}),
    "rdf: name that leads out": _block(name=f"../{CANARY}"),
    "rdf: absolute name": _block(name=f"/tmp/{CANARY}"),
    "rdf: hidden name": _block(name=".hidden"),
    "rdf: name with controls": _block(name="a\x1b[2Jb"),
    "hash: weights": _exchanged("weights.keras"),
    "hash: ONNX": _exchanged("weights.onnx"),
    "hash: int8 network": _exchanged("int8.xml"),
    "hash: int8 values": _exchanged("int8.bin"),
    "hash: of no edges": _folder(lambda f: (f / "edges.npz").write_bytes(b"x")),
    "hash: none": _rdf(lambda rdf: rdf["weights"]["keras_v3"].pop("sha256")),
    "hash: of another file": _rdf(
        lambda rdf: rdf["weights"]["keras_v3"].update(source="../weights.keras")
    ),
}  # fmt: skip
"""What is refused when it is imported; the models that a person has stay as they are."""


# -- weights of Keras ------------------------------------------------------------------------------


def _keras(change: Callable[[dict[str, bytes]], object]) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "weights.keras"
        with zipfile.ZipFile(path) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        change(parts)
        with zipfile.ZipFile(path, "w") as file:
            for name, content in parts.items():
                file.writestr(name, content)
        return reseal(folder)

    return make


def _config(change: Callable[[dict[str, Any]], object]) -> Make:
    def change_parts(parts: dict[str, bytes]) -> None:
        config = json.loads(parts["config.json"])
        change(config)
        parts["config.json"] = json.dumps(config).encode()

    return _keras(change_parts)


def _layer(**values: Any) -> Make:
    """Changes the first convolution."""
    return _config(lambda config: config["config"]["layers"][1].update(values))


def _of_layer(**values: Any) -> Make:
    return _config(lambda config: config["config"]["layers"][1]["config"].update(values))


def _h5(change: Callable[[Any], object]) -> Make:
    def change_parts(parts: dict[str, bytes]) -> None:
        content = io.BytesIO(parts["model.weights.h5"])
        with h5py.File(content, "r+") as file:
            change(file)
        parts["model.weights.h5"] = content.getvalue()

    return _keras(change_parts)


def _first(file: Any) -> tuple[Any, str]:
    """The first array in a group, and its name there."""
    found: list[Any] = []
    file.visititems(lambda _, each: found.append(each) if isinstance(each, h5py.Dataset) else None)
    return found[0].parent, found[0].name.rpartition("/")[2]


def _instead(put: Callable[[Any, str], object]) -> Make:
    def change(file: Any) -> None:
        group, name = _first(file)
        del group[name]
        put(group, name)

    return _h5(change)


def _packed(folder: Path) -> Path:
    path = folder / "weights.keras"
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content + bytes(2**27) * (name == "model.weights.h5"))
    return reseal(folder)


_LAMBDA = {
    "class_name": "__lambda__",
    "config": {"value": "4wEAAAAAAAAA", "defaults": None, "closure": None},
}
_ANY = {"module": "os", "class_name": "system", "config": {}, "registered_name": None}

KERAS_REFUSED: dict[str, Make] = {
    "Lambda": _layer(class_name="Lambda", config={"name": "x", "function": _LAMBDA}),
    "code as an activation": _of_layer(activation=_LAMBDA),
    "class of another module": _layer(module="os", class_name="system"),
    "function of another module": _of_layer(
        activation={"module": "os", "class_name": "function", "config": "system"}
    ),
    "class as initializer": _of_layer(kernel_initializer=_ANY),
    "class as regularizer": _of_layer(kernel_regularizer=_ANY),
    "class that was registered": _layer(registered_name="napari_emseg>Evil"),
    "saved model": _layer(class_name="TFSMLayer", config={"filepath": "/tmp/x"}),
    "text vectorization": _layer(class_name="StringLookup", config={"vocabulary": "/etc/passwd"}),
    "sequential": _config(lambda config: config.update(class_name="Sequential")),
    "filters": _of_layer(filters=2**31),
    "channels": _layer(build_config={"input_shape": [None, None, None, 2**40]}),
    "no channels": _layer(build_config=None),
    "kernel": _of_layer(kernel_size=[2**20, 2**20]),
    "strides": _of_layer(strides=[2**20, 2**20]),
    "layers of text": _config(lambda config: config["config"].update(layers="x")),
    "deep": _keras(lambda parts: parts.update({"config.json": b"[" * 100000})),
    "long": _keras(lambda parts: parts.update({"config.json": b" " * 2**24})),
    "pickle beside": _keras(lambda parts: parts.update({"model.pkl": b"cos\nsystem\n."})),
    "assets beside": _keras(lambda parts: parts.update({"assets/../../x": b"x"})),
    "weights missing": _keras(lambda parts: parts.pop("model.weights.h5")),
    "weights of text": _keras(lambda parts: parts.update({"model.weights.h5": b"x"})),
    "weights that unpack": _packed,
    "link to another file": _instead(
        lambda group, name: group.update({name: h5py.ExternalLink("/etc/passwd", "/x")})
    ),
    "link within": _instead(lambda group, name: group.update({name: h5py.SoftLink("/")})),
    "values in another file": _instead(
        lambda group, name: group.create_dataset(
            name, (3, 3, 1, 4), "f4", external=[("/etc/passwd", 0, 144)]
        )
    ),
    "values that are not there": _instead(
        lambda group, name: group.create_dataset(name, (2**31, 2**20), "f4", chunks=(1024, 1024))
    ),
    "values that unpack": _instead(
        lambda group, name: group.create_dataset(
            name, data=np.zeros((2**11, 2**11), "f4"), compression="gzip"
        )
    ),
    "values of text": _instead(
        lambda group, name: group.create_dataset(name, data=["x"], dtype=h5py.string_dtype())
    ),
    "no file": _folder(lambda f: ((f / "weights.keras").write_bytes(b"x"), reseal(f))),
}  # fmt: skip
"""What is refused when Keras is to load it, though the description names it."""


# -- networks for OpenVINO -------------------------------------------------------------------------


def _onnx(nodes: list[Any], tensors: list[Any] = (), domain: str = "") -> Make:
    from onnx import TensorProto, helper

    def make(folder: Path) -> Path:
        ports = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, None, None, 1])]
            for name in "xy"
        ]
        graph = helper.make_graph(nodes, "g", *ports, initializer=list(tensors))
        opsets = [
            helper.make_opsetid("", 15),
            *([helper.make_opsetid(domain, 1)] if domain else []),
        ]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        (folder / "weights.onnx").write_bytes(model.SerializeToString())
        return reseal(folder)

    return make


def _elsewhere(place: str) -> Make:
    from onnx import TensorProto, helper

    tensor = TensorProto(name="w", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", place), ("offset", "0"), ("length", "16")):
        tensor.external_data.add(key=key, value=value)
    return _onnx([helper.make_node("Add", ["x", "w"], ["y"])], [tensor])


def onnx_refused() -> dict[str, Make]:
    """ONNX files that are refused when OpenVINO is to read them."""
    from onnx import TensorProto, helper

    node = helper.make_node
    sizes = helper.make_tensor("s", TensorProto.INT64, [4], [1, 2**15, 2**15, 1])
    claims = TensorProto(name="w", data_type=1, dims=[2**31, 2**31], raw_data=bytes(16))
    one = helper.make_tensor("k", TensorProto.INT64, [], [2**31])
    yes = helper.make_tensor("b", TensorProto.BOOL, [], [1])
    branch = helper.make_graph(
        [node("Identity", ["x"], ["z"])],
        "b", [], [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)],
    )  # fmt: skip
    taps = helper.make_tensor("t", TensorProto.FLOAT, [1, 1, 1, 1], [1.0])

    def raw(content: bytes) -> Make:
        return lambda f: ((f / "weights.onnx").write_bytes(content), reseal(f))[1]

    return {
        "values at ..": _elsewhere("../../../../../../../etc/passwd"),
        "values at an absolute path": _elsewhere("/etc/passwd"),
        "values beside": _elsewhere("weights.keras"),
        "values of nowhere": _elsewhere(""),
        "values made": _onnx(
            [node("ConstantOfShape", ["s"], ["c"]), node("ReduceMean", ["x"], ["m"], axes=[1, 2]),
             node("Add", ["m", "c"], ["y"])], [sizes]
        ),
        "values claimed": _onnx([node("Add", ["x", "w"], ["y"])], [claims]),
        "range": _onnx(
            [node("Range", ["z", "k", "o"], ["r"]), node("Cast", ["r"], ["f"], to=1),
             node("Add", ["x", "f"], ["y"])],
            [one, helper.make_tensor("z", 7, [], [0]), helper.make_tensor("o", 7, [], [1])],
        ),
        "branch": _onnx([node("If", ["b"], ["y"], then_branch=branch, else_branch=branch)], [yes]),
        "random": _onnx([node("RandomUniformLike", ["x"], ["y"])]),
        "tiles": _onnx(
            [node("Tile", ["x", "n"], ["y"])], [helper.make_tensor("n", 7, [4], [1, 9**5, 9**5, 1])]
        ),
        "steps that enlarge": _onnx(
            [node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
             node("ConvTranspose", ["a", "t"], ["c"], strides=[4096, 4096]),
             node("Transpose", ["c"], ["y"], perm=[0, 2, 3, 1])], [taps],
        ),
        "margins": _onnx(
            [node("Pad", ["x", "p"], ["y"])],
            [helper.make_tensor("p", 7, [8], [0, 2**16, 2**16, 0, 0, 2**16, 2**16, 0])],
        ),
        "operation of a stranger": _onnx(
            [node("Evil", ["x"], ["y"], domain="evil")], domain="evil"
        ),
        "text": raw(b"not a network"),
        "empty": raw(b""),
    }  # fmt: skip


def _xml(change: Callable[[str], str]) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "int8.xml"
        path.write_text(change(path.read_text()))
        return reseal(folder)

    return make


def _cut(name: str) -> Make:
    return _folder(lambda f: (os.truncate(f / name, (f / name).stat().st_size // 2), reseal(f)))


def _last(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


IR_REFUSED: dict[str, Make] = {
    "entities": _xml(
        lambda text: text.replace("<net", '<!DOCTYPE a [<!ENTITY x SYSTEM "/etc/passwd">]><net', 1)
    ),
    "offset": _xml(lambda text: _last(text, 'offset="0"', f'offset="{2**40}"')),
    "size": _xml(lambda text: _last(text, ' size="', ' size="9999999')),
    "operation unknown": _xml(lambda text: _last(text, 'type="ReLU"', 'type="Evil"')),
    "operation that reads": _xml(lambda text: _last(text, 'type="ReLU"', 'type="ReadValue"')),
    "cut off": _cut("int8.xml"),
    "values cut off": _cut("int8.bin"),
    "no values": _folder(lambda f: ((f / "int8.bin").write_bytes(b""), reseal(f))),
    "text": _xml(lambda _: "not a network"),
}
"""Networks in OpenVINO's own form that are refused when it is to read them."""
