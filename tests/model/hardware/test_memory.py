"""Tiles and batches fit the memory at hand, and running out of it is known for what it is."""

from __future__ import annotations

import math
import stat

import keras
import numpy as np
import pytest

from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.core.segment.tiling import plan_tiles
from napari_emseg.model.hardware.memory import (
    bytes_at_once,
    fit_to_memory,
    free_memory,
    in_smaller_pieces,
    memory_errors,
)
from napari_emseg.model.runtimes.openvino_runtime import OpenVinoRuntime, ov

GIB = 2**30
NETWORK = NetworkConfig()
LARGE = (4096, 4096)
MAPS = 8.0


def fitted(free_bytes, *, on_gpu=False, shape=LARGE, **config):
    wanted = PredictConfig(**{"tile_size": 1152} | config)
    return fit_to_memory(shape, NETWORK, wanted, maps=MAPS, free_bytes=free_bytes, on_gpu=on_gpu)


def test_with_enough_memory_tiles_are_as_large_as_wanted_one_at_a_time():
    assert fitted(64 * GIB) == PredictConfig(1152, 1)


@pytest.mark.parametrize("is_int8", [False, True])
def test_a_large_slice_takes_half_a_gigabyte(is_int8, whole_package):
    runtime = OpenVinoRuntime(whole_package.onnx, is_int8=is_int8)
    config = PredictConfig(runtime.tile_size, 1)
    assert 2e8 < bytes_at_once(LARGE, NETWORK, config, runtime.maps) < 5e8


def test_a_gpu_gets_several_tiles_at_once():
    assert fitted(64 * GIB, on_gpu=True).batch_size == 8
    assert 1 < fitted(8 * GIB, on_gpu=True).batch_size < 8


def test_what_a_person_sets_stands_where_it_fits():
    assert fitted(64 * GIB, batch_size=3, tile_size=700) == PredictConfig(700, 3)


@pytest.mark.parametrize("free", [0.8, 1.5, 3, 6])
@pytest.mark.parametrize("on_gpu", [False, True])
def test_half_of_the_free_memory_is_left(free, on_gpu):
    config = fitted(free * GIB, on_gpu=on_gpu)
    assert bytes_at_once(LARGE, NETWORK, config, MAPS) <= free * GIB / 2


def test_where_nothing_fits_the_smallest_tiles_are_tried():
    config = fitted(1000)
    assert config.batch_size == 1
    assert in_smaller_pieces(LARGE, NETWORK, config, MAPS) is None


def test_first_fewer_at_once_then_smaller_ones():
    config, edges, batches = PredictConfig(1152, 4), [], []
    while config is not None:
        edges.append(plan_tiles(LARGE, config.tile_size, NETWORK.reach, NETWORK.multiple)[0].shape)
        batches.append(config.batch_size)
        config = in_smaller_pieces(LARGE, NETWORK, config, MAPS)
    assert batches[:3] == [4, 2, 1]
    assert set(batches[3:]) == {1}
    assert len(set(edges[:3])) == 1
    assert edges[2:] == sorted(set(edges), reverse=True)
    assert len(set(edges)) >= 3


def test_the_memory_of_the_processor_is_the_machines():
    assert 2**20 < free_memory("cpu:0") < 2**50


def test_the_memory_of_a_gpu_is_asked_of_its_driver(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text('#!/bin/sh\necho "$@" > "$0.asked"\necho 1000\necho 8192\n')
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert free_memory("gpu:1") == 8 * GIB
    assert "--query-gpu=memory.free" in (tmp_path / "nvidia-smi.asked").read_text()
    assert free_memory("gpu:2") == math.inf


def test_a_gpu_without_a_driver_to_ask_may_have_any_memory(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert free_memory("gpu:0") == math.inf


# -- what libraries raise ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "too_much",
    [
        lambda: np.empty(2**60, np.uint8),
        lambda: keras.ops.convert_to_numpy(keras.ops.zeros((2**20, 2**20, 2**6))),
        lambda: ov.Tensor(ov.Type.f32, [2**20, 2**20, 2**6]),
    ],
    ids=["numpy", "Keras", "OpenVINO"],
)
def test_a_library_that_runs_out_of_memory(too_much):
    with pytest.raises(MemoryError), memory_errors():
        too_much()


@pytest.mark.parametrize(
    "text",
    [
        "CL_OUT_OF_RESOURCES", "[GPU] clCreateBuffer, CL_MEM_OBJECT_ALLOCATION_FAILURE",
        "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 17179869184 bytes.",
        "CUDA out of memory. Tried to allocate 20.00 MiB",
        "Failed to allocate 6553600 bytes of memory", "Resource temporarily unavailable",
        "can't start new thread", "device: OpenVINO cannot run this network on cpu:0 (can't alloc)",
        "_pydantic_core.so: failed to map segment from shared object",
    ],
)  # fmt: skip
def test_what_libraries_say(text):
    with pytest.raises(MemoryError) as caught, memory_errors():
        raise RuntimeError(text)
    assert str(caught.value) == text


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="no such layer"), memory_errors():
        raise RuntimeError("no such layer")
