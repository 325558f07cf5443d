"""How fast a stack is predicted, against Keras on whole slices and against the machine's limit.

In turn within one process, in an order that rotates, slices of 512 x 512 px are predicted with the
weights of the model that ships:

- Keras: a bare loop of ``predict_on_batch`` over normalised slices, nothing else;
- exact: OpenVINO in single precision through `predict_slices`, with normalising, tiling, blending;
- exact tiles: the same network on ready tiles, nothing else;
- int8 and int8 tiles: both with 8-bit integers, calibrated on slices of the stack;
- numpy and OpenVINO product: a matrix product of 2048 x 2048 numbers in single precision.

Each ratio is the median over the rounds, so what else the machine does hits both sides alike; only
the matrix product, whose threads wait for each other and suffer most from others, is compared by
the best round of each. Then: how long a fresh process takes to its first slice, with compiled
networks kept on disk and without.

Run it with ``make bench`` or ``python benchmarks/bench_predict.py [rounds] [slices]``.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
from isbi import IMAGES

EDGE, PRODUCT = 512, 2048
PRODUCTS = ("numpy product", "OpenVINO product")
COLD = """
import sys, time
begun = time.perf_counter()
import numpy as np
from pathlib import Path
from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime
imported = time.perf_counter()
runtime = OpenVinoRuntime(Path(sys.argv[1]))
read = time.perf_counter()
runtime._request_for(512, 512)
compiled = time.perf_counter()
runtime(np.zeros((1, 512, 512, 1), np.float32))
print(imported - begun, read - imported, compiled - read, time.perf_counter() - compiled)
"""


class Contest:
    """Ways to do the same, timed in turn."""

    def __init__(self) -> None:
        self._ways: dict[str, Callable[[], object]] = {}
        self._seconds: dict[str, list[float]] = {}

    def add(self, name: str, way: Callable[[], object]) -> None:
        """One more way."""
        self._ways[name], self._seconds[name] = way, []

    def run(self, rounds: int) -> None:
        """Each way once per round, and once before."""
        order = deque(self._ways)
        for number in range(rounds + 1):
            for name in order:
                begun = time.perf_counter()
                self._ways[name]()
                if number:  # the first one compiles
                    self._seconds[name].append(time.perf_counter() - begun)
            order.rotate(1)

    def seconds(self, name: str) -> float:
        """Median of a way's rounds."""
        return statistics.median(self._seconds[name])

    def best(self, name: str) -> float:
        """The fastest of a way's rounds."""
        return min(self._seconds[name])

    def ratio(self, slow: str, fast: str) -> float:
        """How many times as long one takes as the other, in the same round."""
        pairs = zip(self._seconds[slow], self._seconds[fast], strict=True)
        return statistics.median(a / b for a, b in pairs)


def product_in_openvino(left: np.ndarray) -> Callable[[], object]:
    """The matrix product of ``left`` with itself."""
    from napari_emseg.model.runtimes._openvino import openvino as ov
    from napari_emseg.model.runtimes.openvino_runtime import _HOW

    operations = ov.opset13
    given = operations.parameter(left.shape, np.float32)
    product = operations.matmul(given, operations.constant(left), False, False)
    model = ov.Model([product], [given], "product")
    compiled = ov.Core().compile_model(model, "CPU", _HOW)
    return lambda: compiled(left)


def the_stack(slices: int):
    """The ISBI slices where they are, else the bundled sample; as often as needed."""
    import napari_emseg as em

    stack = em.read_stack(IMAGES, kind="image") if IMAGES.exists() else em.phantom()[0]
    chosen = np.arange(slices) % len(stack)
    return stack.with_data(np.asarray(stack.data)[chosen, :EDGE, :EDGE])


def operations(model) -> float:
    """Multiplications and additions in the convolutions of a Keras model, for one slice."""
    import keras

    image = keras.Input((EDGE, EDGE, model.input.shape[-1]))
    total = 0.0
    for layer in keras.models.clone_model(model, input_tensors=image).layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            total += 2 * np.prod(layer.kernel.shape) * np.prod(layer.input.shape[1:3])
        elif isinstance(layer, keras.layers.Conv2D):
            total += 2 * np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:3])
    return total


def compare(rounds: int, slices: int, folder: Path) -> None:
    import napari_emseg as em
    from napari_emseg.core.normalise import normalise
    from napari_emseg.model.hardware.backend import load_backend
    from napari_emseg.model.predict.predict import predict_slices
    from napari_emseg.model.predict.predictor import Predictor
    from napari_emseg.model.runtimes.converted import onnx_weights
    from napari_emseg.model.runtimes.int8 import calibration_tiles, make_int8
    from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime

    load_backend()
    from napari_emseg.model.runtimes.keras_runtime import load_network

    package, stack = em.load_model(), the_stack(slices)
    network, model = package.info.network, load_network(package)
    onnx, int8 = onnx_weights(package), folder / "int8.xml"
    begun = time.perf_counter()
    make_int8(onnx, calibration_tiles(stack, range(slices), network), int8)
    print(f"int8 form made in {time.perf_counter() - begun:.1f} s")
    tiles = [normalise(each)[np.newaxis, ..., np.newaxis] for each in stack.data]
    contest, results = Contest(), {}

    def add(name: str, run: Callable[[np.ndarray], np.ndarray]) -> None:
        def on_tiles() -> None:
            results[name] = np.concatenate([run(tile) for tile in tiles])

        contest.add(name, on_tiles)

    def add_whole(name: str, runtime: OpenVinoRuntime) -> None:
        predictor = Predictor(lambda _: runtime, network, "cpu", em.PredictConfig())

        def whole() -> None:
            predicted = predict_slices(stack, range(slices), predictor, network)
            results[name] = np.stack([channels for _, channels in predicted])

        contest.add(name, whole)

    add("Keras", model.predict_on_batch)
    for name, weights in (("exact", onnx), ("int8", int8)):
        runtime = OpenVinoRuntime(weights)
        add_whole(name, runtime)
        add(f"{name} tiles", runtime)
    left = np.random.default_rng(0).standard_normal((PRODUCT, PRODUCT), dtype=np.float32)
    contest.add("numpy product", lambda: left @ left)
    contest.add("OpenVINO product", product_in_openvino(left))
    contest.run(rounds)

    done = operations(model) * slices / 1e9
    print(f"{slices} slices of {EDGE} x {EDGE} px, {done / slices:.1f} GFLOP each, {rounds} rounds")
    for name in ("Keras", "exact", "exact tiles", "int8", "int8 tiles"):
        seconds, apart = contest.seconds(name), np.abs(results[name] - results["Keras"]).max()
        print(f"  {name:17}{seconds:8.2f} s {done / seconds:8.0f} GFLOP/s, largest difference to "
              f"Keras {apart:.1e}")  # fmt: skip
    rates = {name: 2 * PRODUCT**3 / 1e9 / contest.best(name) for name in PRODUCTS}
    for name, rate in rates.items():
        print(f"  {name:17}{'':10}{rate:8.0f} GFLOP/s at best")
    share = done / contest.best("exact") / max(rates.values())
    for what, found, wanted in (
        ("exact, times as fast as Keras", contest.ratio("Keras", "exact"), "1.25 or more"),
        ("int8, times as fast as Keras", contest.ratio("Keras", "int8"), "4.5 or more"),
        ("exact, share of the matrix product", share, "0.85 or more"),
        ("exact over its bare tiles", contest.ratio("exact", "exact tiles"), "1.05 or less"),
        ("int8 over its bare tiles", contest.ratio("int8", "int8 tiles"), "1.05 or less"),
    ):
        print(f"  {what:36}{found:7.3f}  (to reach: {wanted})")
    start_cold(onnx, int8, rounds)


def start_cold(onnx: Path, int8: Path, rounds: int) -> None:
    """Print the parts of a fresh process's way to its first slice."""
    print("a fresh process, seconds to    import   read  compile  first slice")
    for name, weights in (("exact", onnx), ("int8", int8)):
        with tempfile.TemporaryDirectory() as kept:
            for how in ("nothing kept", "kept on disk"):
                rows = []
                for _ in range(rounds):
                    folder = kept if how == "kept on disk" else "/dev/null/nowhere"
                    environment = {**os.environ, "EMSEG_CACHE_DIR": folder}
                    command = [sys.executable, "-c", COLD, str(weights)]
                    done = subprocess.run(
                        command, env=environment, capture_output=True, text=True, check=True
                    )
                    rows.append([float(word) for word in done.stdout.split()])
                middle = np.median(rows[1:] or rows, axis=0)
                print(f"  {name:6} {how:20}" + "".join(f"{each:8.2f}" for each in middle))


def main() -> None:
    rounds, slices = (int(a) for a in (sys.argv[1:] + ["5", "30"][len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as folder:
        compare(rounds, slices, Path(folder))


if __name__ == "__main__":
    main()
