"""The same blocks by one process, by parts and by a cluster: done once, named where they fail."""

from __future__ import annotations

import json
import os
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import dask.array
import numpy as np
import pytest

from napari_emseg.engine.distributed.here import Here
from napari_emseg.engine.distributed.stage import Stage, require_same, versions
from napari_emseg.errors import CancelledError, WorkerError
from napari_emseg.io.volumes.ledger import Ledger
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Log, Progress


def put(folder: Path, block: int) -> list[str]:
    """A block that says each time that it was done."""
    with (folder / f"{block}").open("a") as file:
        file.write("x")
    return [f"block {block} is odd"] if block == 1 else []


def put_unless(folder: Path, bad: int, block: int) -> None:
    if block == bad and not (folder / "mended").exists():
        raise ValueError("no such luck")
    put(folder, block)


def made(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in folder.iterdir() if each.name != "mended"}


@pytest.fixture
def out(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def place(tmp_path):
    return Place(str(tmp_path / "run"))


def stage_of(out, count=10, **changes):
    return Stage("put", count, partial(put, out), **changes)


def test_each_block_is_done_once(out, place):
    events = []
    stage = stage_of(out, read_bytes=3e12)
    assert Here().run([stage], place, events.append)
    assert Here().run([stage], place, events.append)
    assert made(out) == {str(k): "x" for k in range(10)}
    progress = [each for each in events if isinstance(each, Progress)]
    assert [each.done for each in progress] == list(range(11))
    said = [each.message for each in events if isinstance(each, Log)]
    assert said == ["put: 10 blocks, 3 TB to read.", "block 1 is odd"]
    (log,) = list(place.names("log"))
    lines = [json.loads(line) for line in place.read(f"log/{log}").splitlines()]
    assert [line["block"] for line in lines] == list(range(10))
    assert Ledger(place, "put").note(3)["by"]


def test_parts_share_all_stages_and_say_what_is_missing(out, place):
    after = Stage("after", 1, partial(put_unless, out, -1), is_for_all=True)
    stages = [stage_of(out, 10), after]
    events = []
    assert not Here(2, 3).run(stages, place, events.append)
    assert set(made(out)) == {"1", "4", "7"}
    assert "7 of 10 blocks are still missing, of part 1, 3" in events[-1].message
    assert not Here(1, 3).run(stages, place)
    assert not Here(3, 3).run(stages, place)  # the last stage is part 1's
    assert Here(1, 3).run(stages, place)
    assert made(out) == {str(k): "x" if k else "xx" for k in range(10)}


def test_a_block_that_fails_is_named_and_the_rest_is_done(out, place):
    stage = Stage("put", 4, partial(put_unless, out, 2))
    with pytest.raises(WorkerError, match=r"1 of 4 .* put, block 2 \(block 2\): ValueError: no"):
        Here().run([stage, stage_of(out)], place)
    assert made(out) == {"0": "x", "1": "x", "3": "x"}
    (out / "mended").touch()
    assert Here().run([stage], place)
    assert made(out) == {str(k): "x" for k in range(4)}


def test_a_stop_keeps_what_is_done(out, place):
    with pytest.raises(CancelledError, match="finished blocks are kept"):
        Here().run([stage_of(out)], place, should_stop=lambda: (out / "3").exists())
    assert Ledger(place, "put").done(10).sum() == 4


def test_other_versions_are_refused():
    found = {**versions(), "numpy": "1.0"}
    with pytest.raises(WorkerError, match=r"worker tcp://x: expected numpy .*, received 1\.0"):
        require_same(versions(), found, "tcp://x")


# -- on Dask ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    from napari_emseg.engine.distributed.cluster import cluster_of

    with cluster_of(workers=2) as found:
        assert isinstance(found, distributed.Client)
        yield found


def on(client):
    from napari_emseg.engine.distributed.on_dask import OnDask

    return OnDask(client)


def test_a_cluster_does_the_same(client, out, place):
    events = []
    stage = stage_of(out, 300)
    after = Stage("after", 1, partial(put_unless, out, -1), is_for_all=True)
    assert on(client).run([stage, after], place, events.append)
    assert on(client).run([stage, after], place, events.append)
    assert made(out) == {str(k): "x" if k else "xx" for k in range(300)}
    assert any("2 workers" in each.message for each in events if isinstance(each, Log))
    assert [each.done for each in events if isinstance(each, Progress)][-3] == 300


def test_a_cluster_names_a_block_that_fails(client, out, place):
    stage = Stage("put", 40, partial(put_unless, out, 17))
    with pytest.raises(WorkerError, match=r"1 of 40 blocks failed.*block 17.*no such luck"):
        on(client).run([stage], place)
    assert len(made(out)) == 39
    (out / "mended").touch()
    assert on(client).run([stage], place)
    assert made(out) == {str(k): "x" for k in range(40)}


def read_lazily(folder: Path, block: int) -> None:
    """A block that reads something of Dask, and notes by which process it was done, and when."""
    begun = time.monotonic()
    slow = dask.array.zeros(4, chunks=2).map_blocks(lambda part: time.sleep(0.05) or part)
    assert np.asarray(slow).sum() == 0
    (folder / f"{block}").write_text(json.dumps([os.getpid(), begun, time.monotonic()]))


def test_what_a_block_reads_lazily_is_read_by_its_worker_which_begins_no_other(client, out, place):
    assert on(client).run([Stage("read", 12, partial(read_lazily, out))], place)
    times = sorted(json.loads(each.read_text()) for each in out.iterdir())
    assert len(times) == 12
    for before, after in pairwise(times):
        assert before[0] != after[0] or before[2] <= after[1]


def other_on_workers(here: int) -> dict[str, str]:

    return {"model": "the same" if os.getpid() == here else "another"}


def test_a_worker_with_another_model_is_refused(client, out, place):

    stage = stage_of(out, same=partial(other_on_workers, os.getpid()))
    with pytest.raises(WorkerError, match="expected model the same, as here, received another"):
        on(client).run([stage], place)
    assert made(out) == {}


def test_without_workers_a_run_ends(out, place, monkeypatch):
    from napari_emseg.engine.distributed import on_dask
    from napari_emseg.engine.distributed.cluster import cluster_of

    monkeypatch.setattr(on_dask, "_NO_WORKERS_S", 0.5)
    monkeypatch.setattr(on_dask, "_LOOK_EVERY_S", 0.1)
    with cluster_of(workers=1) as alone:
        gone = []

        def retire() -> bool:
            if not gone and (out / "2").exists():
                gone.append(alone.cluster.scale(0))
            return False

        slow = Stage("put", 300, partial(put_slowly, out))
        with pytest.raises(WorkerError, match=r"has had no workers for .* start workers and go on"):
            on(alone).run([slow], place, should_stop=retire)


def put_slowly(folder: Path, block: int) -> None:
    time.sleep(0.05)
    put(folder, block)


@pytest.mark.slow  # Dask waits for 15 s before it believes that a worker is gone
def test_workers_that_are_gone_for_good_are_started_again(out, place):
    from napari_emseg.engine.distributed.cluster import cluster_of
    from napari_emseg.engine.distributed.on_dask import OnDask

    with cluster_of(workers=2) as alone:
        for nanny in list(alone.cluster.workers.values()):
            alone.sync(nanny.close)
        assert OnDask(alone, revives=True).run([stage_of(out)], place)
        assert len(alone.nthreads()) == 2
    assert len(made(out)) == 10
