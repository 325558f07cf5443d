"""The worker process, for real: spawned, fed, cancelled, killed."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from napari_emseg.core.config.prediction import PredictConfig
from napari_emseg.engine.jobs import DevicesJob, PredictJob, PredictResult, WarmUpJob
from napari_emseg.engine.worker import Worker
from napari_emseg.errors import WorkerError
from napari_emseg.io.scratch import Scratch, attach
from napari_emseg.model.predict.predictor import CostEstimate
from napari_emseg.types import Cancelled, Event, Failed, Finished, SliceDone

TIMEOUT_S = 90
LAST = (Finished, Failed, Cancelled)


class Listener:
    """Collects events, and waits for them."""

    def __init__(self, **settings: float) -> None:
        self.events: queue.Queue[tuple[int, Event]] = queue.Queue()
        self.worker = Worker(lambda number, event: self.events.put((number, event)), **settings)

    def next(self, *kinds: type) -> tuple[int, Event]:
        """The next event of one of these kinds."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            number, event = self.events.get(timeout=max(0.1, deadline - time.monotonic()))
            if isinstance(event, kinds):
                return number, event


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.worker.close()


@pytest.fixture
def scratch(tmp_path):
    with Scratch(tmp_path) as scratch:
        yield scratch


def predict_job(scratch: Scratch, slices: int = 1, size: int = 64) -> PredictJob:
    image = np.random.default_rng(0).integers(0, 255, (slices, size, size), np.uint8)
    out = scratch.allocate("out", image.shape, np.float32)
    return PredictJob(scratch.put(image, "image"), Path(out.filename))


def wait_until_gone(worker: Worker) -> None:
    deadline = time.monotonic() + 20
    while worker.pid is not None and time.monotonic() < deadline:
        time.sleep(0.02)


def test_pixels_come_back_through_shared_memory(listener, scratch):
    job = predict_job(scratch, slices=2)
    shared = attach(job.out)
    assert not shared.any()
    number = listener.worker.submit(job)

    done = [listener.next(SliceDone)[1].z for _ in range(2)]
    ended, event = listener.next(*LAST)

    assert (ended, done) == (number, [0, 1])
    assert isinstance(event, Finished)
    assert isinstance(event.result, PredictResult)
    assert shared.min() >= 0
    assert 0 < shared.max() <= 1


def test_worker_stays_warm_and_does_jobs_in_order(listener, scratch):
    numbers = [listener.worker.submit(DevicesJob()) for _ in range(3)]
    pid = listener.worker.pid
    ended = [listener.next(*LAST)[0] for _ in numbers]
    assert ended == numbers
    assert listener.worker.pid == pid


def test_error_of_a_person_comes_back_in_words(listener, scratch, tmp_path):
    job = predict_job(scratch)
    missing = PredictJob(tmp_path / "nothing.tif", job.out)
    listener.worker.submit(missing)
    _, event = listener.next(*LAST)
    assert isinstance(event, Failed)
    assert "nothing.tif" in event.message
    assert event.details is None
    assert not event.crashed


def test_bug_comes_back_with_its_traceback(listener):
    listener.worker.submit("no job at all")
    _, event = listener.next(*LAST)
    assert isinstance(event, Failed)
    assert "TypeError" in event.message
    assert "Traceback" in event.details


def test_polite_cancel_keeps_finished_slices_and_the_process(listener, scratch):
    job = predict_job(scratch, slices=40, size=256)
    number = listener.worker.submit(job)
    listener.next(SliceDone)
    pid = listener.worker.pid
    listener.worker.cancel(number, grace_s=TIMEOUT_S)
    _, event = listener.next(*LAST)
    assert isinstance(event, Cancelled)
    assert "of 40 slices" in event.message
    assert attach(job.out)[0].any()
    assert not attach(job.out)[-1].any()
    assert listener.worker.pid == pid


def test_hard_cancel_ends_a_process_that_does_not_listen(listener, scratch):
    listener.worker.start()
    number = listener.worker.submit(predict_job(scratch, slices=2, size=512))
    pid = listener.worker.pid
    os.kill(pid, signal.SIGSTOP)  # deaf as a process in an endless computation
    listener.worker.cancel(number, grace_s=0.2)
    _, event = listener.next(*LAST)
    assert isinstance(event, Cancelled)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    listener.worker.submit(DevicesJob())
    assert isinstance(listener.next(*LAST)[1], Finished)


def test_job_that_waits_can_be_cancelled(listener, scratch):
    running = listener.worker.submit(predict_job(scratch, slices=3, size=256))
    waiting = listener.worker.submit(DevicesJob())
    listener.worker.cancel(waiting)
    number, event = listener.next(Cancelled)
    assert number == waiting
    assert "before it began" in event.message
    assert listener.next(Finished)[0] == running


def test_killed_worker_says_what_happened_and_starts_again(listener, scratch):
    number = listener.worker.submit(predict_job(scratch, slices=40, size=256))
    waiting = listener.worker.submit(DevicesJob())
    listener.next(SliceDone)
    os.kill(listener.worker.pid, signal.SIGKILL)
    ended, event = listener.next(Failed)
    assert ended == number
    assert event.crashed
    assert "SIGKILL" in event.message
    assert "memory" in event.message
    assert listener.next(*LAST)[0] == waiting


def test_idle_worker_that_dies_is_replaced(listener):
    listener.worker.start()
    first = listener.worker.pid
    os.kill(first, signal.SIGKILL)
    wait_until_gone(listener.worker)
    listener.worker.submit(DevicesJob())
    assert isinstance(listener.next(*LAST)[1], Finished)
    assert listener.worker.pid != first


def test_a_process_that_has_come_to_hold_much_makes_way_for_a_new_one(scratch):
    listener, used = Listener(most_growth=2**20), []
    jobs = [DevicesJob(), predict_job(scratch), DevicesJob()]  # the second loads what computes
    for job in jobs:
        listener.worker.submit(job)
        used.append(listener.worker.pid)
    for _ in jobs:
        assert isinstance(listener.next(*LAST)[1], Finished)
    assert listener.worker.pid not in used
    assert not psutil.pid_exists(used[0]) or psutil.Process(used[0]).status() == "zombie"
    listener.worker.close()


def test_closed_worker_takes_nothing_more(listener):
    listener.worker.start()
    pid = listener.worker.pid
    listener.worker.close()
    assert not psutil.pid_exists(pid)
    with pytest.raises(WorkerError, match="closed"):
        listener.worker.start()


def test_worker_ends_when_its_parent_is_killed(tmp_path):
    script = textwrap.dedent(
        """
        import time
        from napari_emseg.engine.jobs import DevicesJob
        from napari_emseg.engine.worker import Worker
        worker = Worker(lambda number, event: None)
        worker.start()
        print(worker.pid, flush=True)
        time.sleep(60)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    worker.wait(timeout=20)


def test_script_without_main_guard_is_not_run_twice(tmp_path):
    """`multiprocessing` would run a person's napari script again in the worker."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import queue
            from napari_emseg.engine.jobs import DevicesJob
            from napari_emseg.engine.worker import Worker
            print("started")
            events = queue.Queue()
            worker = Worker(lambda number, event: events.put(event))
            worker.submit(DevicesJob())
            print(type(events.get(timeout=60)).__name__)
            worker.close()
            """
        )
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=90)
    assert done.stdout.split() == ["started", "Finished"], done.stderr


def test_a_region_alone_is_filled(listener, scratch):
    job = predict_job(scratch)
    listener.worker.submit(job)
    assert isinstance(listener.next(*LAST)[1], Finished)
    whole = attach(job.out).copy()
    attach(job.out, "r+")[:] = -1

    region = slice(20, 30), slice(40, 64)
    listener.worker.submit(replace(job, region=region))
    assert isinstance(listener.next(*LAST)[1], Finished)
    part = attach(job.out).copy()
    np.testing.assert_allclose(part[0, *region], whole[0, *region], atol=1e-5)
    part[0, *region] = -1
    np.testing.assert_array_equal(part, -1)


def test_a_warm_up_tells_what_a_slice_will_take(listener):
    listener.worker.submit(WarmUpJob(shape=(300, 400)))
    cost = listener.next(*LAST)[1].result
    assert isinstance(cost, CostEstimate)
    assert cost.tiles == 1
    assert "cpu:0" in cost.runtime
    assert 0 < cost.seconds < 60


def test_tile_size_travels_with_the_job(listener, scratch):
    job = predict_job(scratch, size=80)
    tiled = PredictJob(job.source, job.out, config=PredictConfig(tile_size=64))
    listener.worker.submit(tiled)
    assert isinstance(listener.next(*LAST)[1], Finished)


# -- every job gets an answer -------------------------------------------------------------------


def python_that(folder: Path, code: str) -> str:
    """A program that stands in for Python: it does something else, then maybe what Python does."""
    program = folder / "python"
    program.write_text(
        f"#!{sys.executable}\nimport os, pickle, sys, time\n"
        f"real = [{sys.executable!r}, *sys.argv[1:]]\n{textwrap.dedent(code)}"
    )
    program.chmod(0o755)
    return str(program)


GO_ON = "os.execv(real[0], real)"
UNKNOWN_EVENT = """
sys.stdin.buffer.read(1)
from napari_emseg.engine import worker_messages
worker_messages.pickle.dumps = lambda _: b"cnapari_emseg.types\\nEventOfTomorrow\\n."
worker_messages.write_message(sys.stdout.buffer, None)
time.sleep(60)
"""
NO_EVENT = """
sys.stdin.buffer.read(1)
from napari_emseg.engine.worker_messages import write_message
write_message(sys.stdout.buffer, (1, "finished"))
time.sleep(60)
"""


def test_a_job_whose_worker_cannot_start_is_told_once_and_not_kept(listener, monkeypatch, tmp_path):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(tmp_path / "no python"))
        with pytest.raises(WorkerError, match=r"cannot be started .*no python"):
            listener.worker.submit(WarmUpJob())
        assert listener.worker.pid is None
    after = listener.worker.submit(DevicesJob())
    number, event = listener.next(*LAST)
    assert (number, type(event)) == (after, Finished)
    assert listener.events.empty()


def test_jobs_that_wait_are_told_where_a_crashed_worker_cannot_start_again(
    listener, scratch, monkeypatch, tmp_path
):
    numbers = [listener.worker.submit(predict_job(scratch, slices=40, size=256))]
    numbers += [listener.worker.submit(DevicesJob()) for _ in range(2)]
    listener.next(SliceDone)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(tmp_path / "no python"))
        os.kill(listener.worker.pid, signal.SIGKILL)
        ended = [listener.next(*LAST) for _ in numbers]
    assert [number for number, _ in ended] == numbers
    assert [event.crashed for _, event in ended] == [True, False, False]
    listener.worker.submit(DevicesJob())
    assert isinstance(listener.next(*LAST)[1], Finished)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"os.write(1, b'garbage'); {GO_ON}", "expected a message"),
        # to a pickle's reader: text of 1.7 gigabytes that is to follow
        (f"os.write(1, b'Building fonts'); {GO_ON}", "Building fonts"),
        (f"os.write(1, bytes(range(256))); {GO_ON}", "expected a message"),
        (UNKNOWN_EVENT, "EventOfTomorrow"),
        (NO_EVENT, "expected an event"),
        ("sys.exit('no library')", "status 1."),
        ("os.write(2, b'terminate called: std::bad_alloc'); os.abort()", "SIGABRT, probably bec"),
    ],
)
def test_a_worker_that_is_not_understood_fails_its_job_and_no_other(
    listener, monkeypatch, tmp_path, code, words
):
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", python_that(tmp_path, code))
        numbers = [listener.worker.submit(DevicesJob()) for _ in range(2)]
        ended = [listener.next(*LAST) for _ in numbers]
    assert [number for number, _ in ended] == numbers
    for _, event in ended:
        assert isinstance(event, Failed)
        assert event.crashed
        assert words in event.message
    after = listener.worker.submit(DevicesJob())
    number, event = listener.next(*LAST)
    assert (number, type(event)) == (after, Finished)


def test_a_worker_that_understands_no_message_ends(listener):
    listener.worker.start()
    listener.worker._process._popen.stdin.write(b"x" * 100)
    listener.worker._process._popen.stdin.flush()
    wait_until_gone(listener.worker)
    listener.worker.submit(DevicesJob())
    assert isinstance(listener.next(*LAST)[1], Finished)


def test_a_job_that_cannot_be_sent_is_told_and_the_next_one_is_done(listener):
    with pytest.raises((AttributeError, pickle.PicklingError)):
        listener.worker.submit(lambda: None)
    jobs = WarmUpJob(), lambda: None, DevicesJob()
    first, lost, last = (listener.worker.submit(j) for j in jobs)
    assert listener.next(*LAST)[0] == first
    number, event = listener.next(*LAST)
    assert (number, type(event)) == (lost, Failed)
    assert "Traceback" in event.details
    assert listener.next(*LAST)[0] == last


def test_a_listener_that_fails_keeps_no_later_job_from_its_answer(caplog):
    events = queue.Queue()

    def on_event(number, event):
        events.put((number, event))
        if number == 1:
            raise RuntimeError("the widget is gone")

    worker = Worker(on_event)
    numbers = [worker.submit(DevicesJob()) for _ in range(2)]
    ended = [events.get(timeout=TIMEOUT_S) for _ in numbers]
    worker.close()
    assert [number for number, _ in ended] == numbers
    assert all(isinstance(event, Finished) for _, event in ended)
    assert "the widget is gone" in caplog.text


def test_closed_worker_takes_no_job():
    worker = Worker(lambda number, event: None)
    worker.close()
    with pytest.raises(WorkerError, match="closed"):
        worker.submit(DevicesJob())
