"""A stack is sent to a cluster: a real one, of one process of this machine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_emseg as em
from napari_emseg.core.config.blocks import BlocksConfig
from napari_emseg.engine.jobs import BlocksJob, PredictResult, SegmentJob
from napari_emseg.errors import CancelledError, WorkerError
from napari_emseg.io.volumes.ome_volume import OmeVolume
from napari_emseg.io.volumes.place import Place
from napari_emseg.session.direct_executor import DirectExecutor
from napari_emseg.session.direct_jobs import DirectJobs
from napari_emseg.session.segment.cluster import ClusterSession, Phase
from napari_emseg.types import Log, Progress


@pytest.fixture
def source(tmp_path):
    image, _ = em.phantom()
    path = tmp_path / "in.zarr"
    em.write_stack(path, image.with_data(image.data[:2]))
    return path


@pytest.fixture
def jobs_that():
    """Jobs that are done by a function, closed at the end."""
    made = []

    def make(*do):
        made.append(DirectJobs(*do))
        return made[-1]

    yield make
    for each in made:
        each.close()


def job(source, out, what="mask", **shared):
    return BlocksJob(SegmentJob(Path(source), str(out), what), BlocksConfig(**shared))


def heard(session):
    """What a session tells of."""
    told = {"opened": [], "grown": [], "failed": []}
    session.opened.connect(told["opened"].append)
    session.grown.connect(lambda: told["grown"].append(1))
    session.failed.connect(lambda failed: told["failed"].append(failed.message))
    return told


def test_what_a_cluster_makes_is_opened(tmp_path, source, jobs_that):
    pytest.importorskip("distributed")
    session = ClusterSession(jobs_that(), DirectExecutor())
    told, links = heard(session), []
    session.events.dashboard.connect(links.append)
    session.send(job(source, tmp_path / "out.zarr", workers=1))
    assert not told["failed"]
    (made,) = told["opened"]
    data, meta, kind = made
    assert (kind, meta["scale"]) == ("labels", (50.0, 4.0, 4.0))
    em.segment_file(source, tmp_path / "one.zarr", output="mask", threshold=0.5)
    here = em.read_stack(tmp_path / "one.zarr", raw_values=True)
    np.testing.assert_array_equal(np.asarray(data) > 0, np.asarray(here.data) > 0)
    assert session.message.startswith("Done in ")
    assert links[0].startswith("http://127.0.0.1:")
    assert links[1:] == [""]
    assert any("blocks" in line for line in session.log)
    assert (session.phase, session.done) == (Phase.IDLE, None)


def test_it_opens_before_it_is_done_and_grows(tmp_path, source, jobs_that):
    executor, phases = DirectExecutor(), []

    def do(asked, emit, _should_stop):
        planned = em.Stack(np.zeros((2, 64, 64), np.uint8), kind="labels")
        OmeVolume.of(Place.of(asked.segment.out), planned).make(planned)
        for done in (1, 2):
            emit(Progress(done, 2, "blocks of predict", 3.0))
            executor.pass_time()
            phases.append((session.message, session.done, len(told["opened"]), len(told["grown"])))
        return PredictResult(2, 1.0, "1 blocks", 0.5)

    session = ClusterSession(jobs_that(do), executor)
    told = heard(session)
    session.send(job(source, tmp_path / "out.zarr", scheduler="tcp://127.0.0.1:1"))
    assert phases == [
        ("1 of 2 blocks of predict, 3.0 s left.", 0.5, 1, 0),
        ("2 of 2 blocks of predict, 3.0 s left.", 1.0, 1, 1),
    ]
    assert len(told["grown"]) == 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (job("in.zarr", "out.zarr"), "scheduler: expected the address of a cluster"),
        (job("", "out.zarr", workers=1), "stack: expected a path or an address"),
        (job("in.zarr", "out.tif", workers=1), "blocks are written as OME-Zarr"),
        (job("in.zarr", "", workers=1), "blocks are written as OME-Zarr"),
    ],
)
def test_what_cannot_be_sent_is_refused_in_words(jobs_that, asked, words):
    session = ClusterSession(jobs_that(), DirectExecutor())
    told = heard(session)
    session.send(asked)
    assert words in told["failed"][0]
    assert session.phase is Phase.IDLE


def test_nobody_at_the_address(tmp_path, source, jobs_that, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("napari_emseg.engine.distributed.cluster._CONNECT_S", 0.5)
    session = ClusterSession(jobs_that(), DirectExecutor())
    told = heard(session)
    session.send(job(source, tmp_path / "out.zarr", scheduler="tcp://127.0.0.1:9"))
    assert "scheduler tcp://127.0.0.1:9: does not answer" in told["failed"][0]
    assert session.message == told["failed"][0]


@pytest.mark.parametrize(
    ("error", "ends", "failed"),
    [
        (CancelledError("Stopped after 3 of 9 blocks."), " Send it again to go on.", 0),
        (WorkerError("1 of 9 blocks failed"), "1 of 9 blocks failed", 1),
    ],
)
def test_how_it_ended_is_said(tmp_path, source, jobs_that, error, ends, failed):
    def do(_asked, emit, _should_stop):
        emit(Log("predict: 9 blocks."))
        raise error

    session = ClusterSession(jobs_that(do), DirectExecutor())
    told = heard(session)
    session.send(job(source, tmp_path / "out.zarr", workers=1))
    assert session.message.endswith(ends)
    assert len(told["failed"]) == failed
    assert session.log == ("predict: 9 blocks.",)
    assert not told["opened"]
