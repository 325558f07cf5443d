"""What a network for OpenVINO, as ONNX or in its own form, may hold; its makers are strangers."""

from __future__ import annotations

import math
from pathlib import Path

from napari_emseg.model.runtimes._openvino import openvino as ov

_KINDS = frozenset(
    {
        "Add", "BatchNormInference", "Broadcast", "Clamp", "Concat", "Constant", "Convert",
        "Convolution", "ConvolutionBackpropData", "Divide", "FakeQuantize", "Gather", "MVN",
        "MaxPool", "Maximum", "Minimum", "Multiply", "Negative", "Pad", "Parameter", "Power",
        "ReduceMean", "ReduceSum", "Relu", "ReLU", "Reshape", "Result", "ShapeOf", "Sigmoid",
        "Slice", "SoftMax", "Softmax", "Split", "Sqrt", "SquaredDifference", "Squeeze",
        "StridedSlice", "Subtract", "Transpose", "Unsqueeze", "VariadicSplit",
    }
)  # fmt: skip
"""Operations that a U-Net is made of, exact or in int8; none loops, reads files, or is unknown."""

_OF_OTHERS = _KINDS | {
    "Abs", "AvgPool", "Ceiling", "ConvertLike", "DepthToSpace", "Elu", "Equal", "Erf", "Exp",
    "Floor", "FloorMod", "Gelu", "Greater", "GreaterEqual", "GroupConvolution",
    "GroupConvolutionBackpropData", "GroupNormalization", "HSigmoid", "HSwish", "HardSigmoid",
    "Identity", "Interpolate", "Less", "LessEqual", "Log", "LogSoftmax", "LogicalAnd", "LogicalNot",
    "LogicalOr", "MatMul", "Mish", "Mod", "NormalizeL2", "NotEqual", "PRelu", "ReduceL2",
    "ReduceMax", "ReduceMin", "ReduceProd", "Select", "Selu", "ShuffleChannels", "Sign",
    "SoftPlus", "SpaceToDepth", "Swish", "Tanh",
}  # fmt: skip
"""Operations of other networks of convolutions: none loops, reads files, or makes values of
nothing."""

_MOST_OPERATIONS = 20_000
_MOST_MAPS = 512
"""Values of one operation for each pixel; the widest network of ours has 3 x 128."""
_LARGEST_XML = 32 * 2**20


def check_file(path: Path) -> None:
    """Raise `ValueError` where a file is neither ONNX nor plain XML, or refers to others."""
    content = path.read_bytes()
    if path.suffix == ".xml" and (len(content) > _LARGEST_XML or b"<!" in content):
        raise ValueError("it is too long, or has declarations")
    # OpenVINO guesses from the bytes which of many kinds a file is; ours begin so
    if not content.startswith(b"\x08" if path.suffix == ".onnx" else b"<"):
        raise ValueError("it is something else")
    # the key by which ONNX names a file that holds values, whose path may be any
    if path.suffix == ".onnx" and b"location" in content:
        raise ValueError("its values lie in another file")


def check_kinds(network: ov.Model, *, of_others: bool = False) -> None:
    """Raise `ValueError` where a network has operations that no network of ours has.

    One ``of_others`` may have more, and further outputs.
    """
    kinds = [each.get_type_name() for each in network.get_ops()]
    if unknown := sorted(set(kinds) - (_OF_OTHERS if of_others else _KINDS)):
        raise ValueError(f"it holds {', '.join(unknown)}, which no network holds that is known")
    if len(kinds) > _MOST_OPERATIONS:
        raise ValueError(f"it holds {len(kinds)} operations")
    if len(network.inputs) != 1 or (len(network.outputs) != 1 and not of_others):
        raise ValueError(f"it has {len(network.inputs)} inputs and {len(network.outputs)} outputs")


def check_sizes(network: ov.Model, weights: Path) -> int:
    """Raise `ValueError` where an operation makes more values than a U-Net's, before it does.

    Parameters
    ----------
    network : openvino.Model
        Reshaped to one tile.
    weights : Path
        The file that it was read from; constants are as large as it at most.

    Returns
    -------
    int
        Values that one operation makes for each pixel, at most.
    """
    stored = weights.with_suffix(".bin") if weights.suffix == ".xml" else weights
    pixels = math.prod(network.input(0).shape[1:3])
    most = _MOST_MAPS * pixels + stored.stat().st_size
    widest = 1
    for each in network.get_ops():
        for port in each.outputs():
            shape = port.get_partial_shape()
            if shape.is_dynamic or math.prod(shape.to_shape()) > most:
                raise ValueError(f"{each.get_type_name()} makes {shape} of {pixels} pixels")
            if each.get_type_name() != "Constant":
                widest = max(widest, -(-math.prod(shape.to_shape()) // pixels))
    return widest
