"""Who gets which GPU and how many threads, without any of them."""

from __future__ import annotations

import pytest

from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.engine.distributed.cluster import cluster_of, environments
from napari_emseg.engine.distributed.on_worker import AboutWorker, threads_each
from napari_emseg.errors import SettingError, WorkerError
from napari_emseg.model.hardware import device_choice, memory, threads


def test_each_worker_has_a_gpu_of_its_own():
    gpus = ["2", "5", "GPU-8f"]
    found = environments(3, gpus)
    assert [each["CUDA_VISIBLE_DEVICES"] for each in found] == gpus
    assert environments(1, gpus, "gpu:1") == [{"CUDA_VISIBLE_DEVICES": "5"}]
    assert environments(4, gpus, "cpu") == [{}] * 4 == environments(4, [])
    with pytest.raises(SettingError, match="at most 3, one for each GPU, received 4"):
        environments(4, gpus)


def test_free_memory_is_that_of_the_gpu_that_a_worker_sees(monkeypatch):
    monkeypatch.setattr(memory, "ask_nvidia_smi", lambda _: ["1000", "2000", "3000"])
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,0")
    assert memory.free_memory("gpu:0") == 3000 * 2**20
    assert memory.free_memory("gpu:1") == 1000 * 2**20
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert memory.free_memory("gpu:1") == 2000 * 2**20
    assert device_choice.number_of_gpu(1) == 1


def test_workers_of_a_machine_share_its_cores():
    def worker(host, *cores):
        return AboutWorker(host, cores, {})

    one = {"a": worker("x", *range(8))}
    assert threads_each(one, {"a": 1}) == 8
    assert threads_each(one, {"a": 3}) == 2
    same_cores = {"a": worker("x", *range(8)), "b": worker("x", *range(8))}
    assert threads_each(same_cores, {"a": 1, "b": 1}) == 4
    own_cores = {"a": worker("x", 0, 1, 2, 3), "b": worker("x", 4, 5, 6, 7)}
    assert threads_each(own_cores, {"a": 1, "b": 1}) == 4
    assert threads_each({"a": worker("x", 0), "b": worker("y", 0, 1)}, {"a": 4, "b": 1}) == 1


def test_a_process_with_few_threads_takes_its_share_of_memory(monkeypatch):
    monkeypatch.setattr(threads, "_threads", 0)
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 8)
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(name, "9")
    assert threads.share_of_machine() == 1
    threads.use_threads(2)
    assert (threads.threads_to_use(), threads.share_of_machine()) == (2, 0.25)


def test_a_scheduler_that_is_not_there(tmp_path, monkeypatch):
    from napari_emseg.engine.distributed import cluster

    monkeypatch.setattr(cluster, "_CONNECT_S", 1)
    with (
        pytest.raises(WorkerError, match=r"scheduler tcp://127\.0\.0\.1:9: does not answer"),
        cluster_of(scheduler="tcp://127.0.0.1:9"),
    ):
        pass
    with (
        pytest.raises(WorkerError, match="does not answer"),
        cluster_of(scheduler_file=str(tmp_path / "none.json")),
    ):
        pass


def test_parts_are_counted_from_1():
    assert BlocksConfig(part="3/16").share == (3, 16)
    assert BlocksConfig().share == (1, 1)
    assert not BlocksConfig().is_said
    assert BlocksConfig(workers=2).is_cluster
    for wrong in ("0/4", "5/4", "3", "a/b"):
        with pytest.raises(SettingError, match="such as 3/16"):
            BlocksConfig(part=wrong)
