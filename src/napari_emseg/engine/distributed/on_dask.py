"""Stages done by the workers of a Dask cluster."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_emseg.core.words import plural
from napari_emseg.engine.distributed.account import Account
from napari_emseg.engine.distributed.on_worker import about, do_blocks, threads_each
from napari_emseg.engine.distributed.stage import (
    BlockDone,
    Stage,
    Stages,
    do_block,
    refuse_stopped,
    require_same,
)
from napari_emseg.errors import WorkerError
from napari_emseg.io.volumes.ledger import Ledger
from napari_emseg.io.volumes.place import Place
from napari_emseg.types import Log, OnEvent, ShouldStop

_TASK_S = 1.0
"""Tiny blocks go several to a task, which takes about as long: a task costs the scheduler 1 ms."""
_MOST_IN_TASK = 100
_AHEAD = 3
"""So many tasks are handed out for each block that can be done at once, and no more."""
_LOOK_EVERY_S = 2.0
_MOST_DEATHS = 3
"""A block that was given up so often by Dask, each time after several workers died, fails."""
_RESULT_S = 10.0
"""A result comes at once, or not at all."""
_NO_WORKERS_S = 600.0
"""Without workers for so long a run ends; others may be on their way from a queue."""


@dataclass(frozen=True)
class OnDask:
    """The workers of a cluster do blocks; one that is lost does not matter.

    Only a few tasks are handed out at a time, and what is done is forgotten, so that client and
    scheduler take the same memory whatever the number of blocks.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster; it stays open.
    revives : bool
        Whether workers that are gone are started again, as `cluster_of` has started them: Dask
        gives one up that dies again while it starts.
    """

    client: Any
    revives: bool = False

    def run(
        self,
        stages: Stages,
        place: Place,
        on_event: OnEvent = lambda _: None,
        should_stop: ShouldStop = lambda: False,
    ) -> bool:
        """Do what is not done yet; see `Here.run`.

        Raises
        ------
        WorkerError
            Also if there are no workers, one has other versions or another model than the client,
            or the scheduler is gone.
        """
        if link := getattr(self.client, "dashboard_link", None):
            on_event(Log(f"Dask's dashboard: {link}"))
        for stage in stages:
            todo = np.flatnonzero(~Ledger(place, stage.name).done(stage.count))
            if todo.size:
                account = Account(stage, place, len(todo), on_event)
                hands = _Hands(self.client, stage, place, account, should_stop)
                hands.revives = self.revives
                hands.do(todo)
        return True


class _Hands:
    """Hands out the blocks of one stage, a few at a time."""

    revives = False

    def __init__(
        self, client: Any, stage: Stage, place: Place, account: Account, should_stop: ShouldStop
    ) -> None:
        self._client, self._stage, self._place = client, stage, place
        self._account, self._should_stop = account, should_stop
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._out: dict[Any, list[int]] = {}  # tasks, and their blocks
        self._again: list[int] = []  # blocks that go out alone
        self._deaths: dict[int, int] = {}
        self._looked = self._threads = self._at_once = self._workers = 0.0
        self._seen = time.monotonic()  # when there were workers last

    def do(self, todo: npt.NDArray[np.intp]) -> None:
        """Do these blocks."""
        try:
            if self._stage.is_for_all:
                self._by_client(todo)
            else:
                self._by_workers(iter(todo.tolist()))
        finally:
            self._account.flush()
            for task in self._out:
                task.release()
        self._account.end()

    def _by_client(self, todo: npt.NDArray[np.intp]) -> None:
        self._account.begin()
        for block in todo.tolist():
            self._may_go_on()
            self._account.add(do_block(self._stage, self._place, block))

    def _by_workers(self, todo: Iterator[int]) -> None:
        self._expected = dict(self._stage.same())
        self._ask_workers()
        self._account.begin(plural(int(self._workers), "worker"))
        self._hand_out(todo)
        while self._out:
            self._may_go_on()
            self._look_around()
            with suppress(queue.Empty):
                self._take(self._ended.get(timeout=0.5))
            self._hand_out(todo)

    def _ask_workers(self) -> None:
        """Have each worker say what it is; threads and what is at once follow from that."""
        self._look_around()
        if not self._workers:
            self._account.say("Waiting for workers ...")
        while not self._workers:
            self._may_go_on()
            time.sleep(0.2)
            self._look_around()
        try:
            answers = self._client.run(about, self._stage, on_error="return")
        except (TimeoutError, OSError) as error:
            raise self._is_gone() from error
        # who is lost while being asked is no matter
        said = {a: found for a, found in answers.items() if not isinstance(found, OSError)}
        for address, found in said.items():
            if isinstance(found, BaseException):
                raise WorkerError(
                    f"worker {address}: cannot do {self._stage.name} ({type(found).__name__}: "
                    f"{found}); install napari-emseg there as here, or have both take one folder"
                ) from found
            require_same(self._expected, found.same, address)
        self._threads = threads_each(said, self._client.nthreads())

    def _look_around(self) -> None:
        """How many workers there are now; whether the scheduler is."""
        if time.monotonic() - self._looked < _LOOK_EVERY_S:
            return
        if self._client.status != "running":
            raise self._is_gone()
        try:
            tasks = self._client.nthreads()
        except (OSError, TimeoutError) as error:
            raise self._is_gone() from error
        self._workers, self._at_once = len(tasks), max(1, sum(tasks.values()))
        self._looked = time.monotonic()
        if self.revives and len(tasks) < (wanted := len(self._client.cluster.worker_spec)):
            self._client.cluster.scale(wanted)
        if tasks:
            self._seen = self._looked
        elif self._looked - self._seen > _NO_WORKERS_S:
            raise WorkerError(
                f"scheduler {self._address()}: has had no workers for {_NO_WORKERS_S:.0f} s; "
                "finished blocks are kept, start workers and go on",
                resume=True,
            )

    def _is_gone(self) -> WorkerError:
        return WorkerError(
            f"scheduler {self._address()}: is gone; finished blocks are kept, start it again and "
            "go on",
            resume=True,
        )

    def _hand_out(self, todo: Iterator[int]) -> None:
        while len(self._out) < _AHEAD * self._at_once:
            blocks = [self._again.pop()] if self._again else list(islice(todo, self._in_task()))
            if not blocks:
                return
            task = self._client.submit(
                do_blocks, self._stage, self._place, blocks, int(self._threads), self._expected,
                pure=False, key=f"{self._stage.name}-{blocks[0]}-{time.monotonic_ns()}",
            )  # fmt: skip
            self._watch(task, blocks)

    def _watch(self, task: Any, blocks: list[int]) -> None:
        self._out[task] = blocks
        task.add_done_callback(self._ended.put)

    def _in_task(self) -> int:
        seconds = self._account.seconds_per_block()
        if seconds is None:
            return 1
        return max(1, min(_MOST_IN_TASK, int(_TASK_S / max(seconds, 1e-6))))

    def _take(self, task: Any) -> None:
        """Count what a task has done, or have its blocks done again."""
        from distributed import CancelledError as CancelledTask
        from distributed.scheduler import KilledWorker

        blocks = self._out.pop(task)
        if task.status in ("cancelled", "lost"):
            self._looked = 0.0  # is the scheduler there?
            self._again += blocks
            return
        try:
            error = task.exception() if task.status == "error" else None
            done = [] if error else task.result(timeout=_RESULT_S)
        except TimeoutError:  # the worker that held it is gone: it is asked for anew
            self._watch(task, blocks)
            return
        except OSError as lost:
            raise self._is_gone() from lost
        except CancelledTask:
            self._looked = 0.0
            self._again += blocks
            return
        task.release()
        if isinstance(error, KilledWorker):
            self._bury(blocks)
        elif error is not None:
            raise error
        for block in done:
            self._account.add(block, max(1, int(self._workers)))

    def _bury(self, blocks: list[int]) -> None:
        """Several workers died over these: each goes out alone, until it is known which kills."""
        for block in blocks:
            self._deaths[block] = self._deaths.get(block, 0) + 1
            if self._deaths[block] < _MOST_DEATHS:
                self._again.append(block)
            else:
                said = "workers died over it, again and again: is their memory too short?"
                self._account.add(BlockDone(block, error=said))

    def _may_go_on(self) -> None:
        refuse_stopped(self._stage, self._should_stop)

    def _address(self) -> str:
        return str(getattr(self._client.scheduler, "address", "of Dask"))
