"""One way to run work beside the window.

A session never makes a thread, a timer or a signal of its own: it asks its `Executor`. The one of
the window hands results over on the window's thread; `DirectExecutor` does all at once, where it is
asked, for scripts and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Protocol, TypeVar

from napari_emseg.errors import EmsegError

T = TypeVar("T")
Call = Callable[[], object]


class Task(Protocol):
    """Work that was asked for."""

    def stop(self) -> None:
        """Hand nothing over any more, and end after the item that is being made."""

    @property
    def is_running(self) -> bool:
        """Whether something is still to be handed over."""


class Timer(Protocol):
    """A call that is put off."""

    def start(self) -> None:
        """Call after the delay, once; a start before that puts it off again."""

    def stop(self) -> None:
        """Do not call."""

    @property
    def is_active(self) -> bool:
        """Whether the call is still to come."""


class Lane(Protocol):
    """Work that is done one after the other, beside who asks for it.

    Of what goes wrong, the message of an `EmsegError` is given to ``failed``; anything else, and an
    `EmsegError` without ``failed``, is raised where results are handed over.
    """

    def run(
        self,
        make: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> Task:
        """Hand over what ``make`` gives."""

    def latest(
        self,
        make: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> Task:
        """As `run`; all that was asked for earlier on this lane is dropped."""

    def drain(
        self,
        make: Callable[[], Iterator[T]],
        on_item: Callable[[T], object],
        on_end: Callable[[str], object],
    ) -> Task:
        """Hand over the items of an iterator that ``make`` gives.

        ``on_end`` is called at the end with an empty text, or with what was wrong; not after a
        stop.
        """

    def drop(self) -> None:
        """Hand over nothing of what was asked for so far."""

    def wait(self) -> None:
        """Until all that was asked for so far is done; it may still have to be handed over."""

    def stop(self, *, wait: bool = False) -> None:
        """Do nothing more, and hand nothing over; ``wait`` for what is being done."""


class Executor(Protocol):
    """What a session runs its work with."""

    def lane(self, name: str) -> Lane:
        """A new lane; `Lane.stop` ends it."""

    def timer(self, call: Call, delay_s: float = 0.0) -> Timer:
        """Something to be done later; with a delay of 0 in the next turn of the event loop."""

    def deliver(self, call: Call) -> None:
        """Call on the session's own thread; for threads of others, such as the worker's."""


# -- in threads --------------------------------------------------------------------------------


class ThreadLane:
    """A `Lane` that is a thread.

    Parameters
    ----------
    name : str
        Of the thread.
    deliver : callable
        Calls on the session's thread what it is given, in order.
    """

    def __init__(self, name: str, deliver: Callable[[Call], None]) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"emseg-{name}")
        self._deliver = deliver
        self._tasks: list[_Task] = []

    def run(
        self,
        make: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> Task:
        """As `Lane.run`."""
        return self._submit(partial(_made, make, then, failed))

    def latest(
        self,
        make: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> Task:
        """As `Lane.latest`."""
        self.drop()
        return self.run(make, then, failed)

    def drain(
        self,
        make: Callable[[], Iterator[T]],
        on_item: Callable[[T], object],
        on_end: Callable[[str], object],
    ) -> Task:
        """As `Lane.drain`."""
        return self._submit(partial(_drained, make, on_item, on_end))

    def drop(self) -> None:
        """As `Lane.drop`."""
        for task in self._tasks:
            task.stop()
        self._tasks.clear()

    def wait(self) -> None:
        """As `Lane.wait`."""
        self._thread.submit(_nothing).result()

    def stop(self, *, wait: bool = False) -> None:
        """As `Lane.stop`."""
        self.drop()
        self._thread.shutdown(wait=wait, cancel_futures=True)

    def _submit(self, calls: Callable[[], Iterator[Call]]) -> Task:
        self._tasks = [task for task in self._tasks if task.is_running]
        task = _Task()
        self._tasks.append(task)
        self._thread.submit(self._work, task, calls)
        return task

    def _work(self, task: _Task, calls: Callable[[], Iterator[Call]]) -> None:
        """In the thread."""
        if task.is_running:
            with closing(calls()) as made:  # type: ignore[type-var]
                for call in made:
                    if not task.is_running:
                        return
                    self._deliver(partial(task.hand_over, call))
        self._deliver(task.stop)


class _Task:
    def __init__(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False

    def hand_over(self, call: Call) -> None:
        if self.is_running:
            call()


# -- at once -----------------------------------------------------------------------------------


class DirectExecutor:
    """Does everything at once, where it is asked; its timers wait for `pass_time`."""

    def __init__(self) -> None:
        self._timers: list[_WaitingTimer] = []

    def lane(self, name: str) -> Lane:  # noqa: ARG002  a thread has a name, this has no thread
        """As `Executor.lane`."""
        return DirectLane()

    def timer(self, call: Call, delay_s: float = 0.0) -> Timer:
        """As `Executor.timer`."""
        timer = _WaitingTimer(call, delay_s)
        self._timers.append(timer)
        return timer

    def deliver(self, call: Call) -> None:
        """As `Executor.deliver`."""
        call()

    def pass_time(self) -> None:
        """Call what timers wait for, those that are started by it too, the shortest delay first."""
        while waiting := [timer for timer in self._timers if timer.is_active]:
            min(waiting, key=lambda timer: timer.delay_s).fire()


class DirectLane:
    """A `Lane` that is no thread: work is done, and handed over, before the call returns."""

    def __init__(self) -> None:
        self._is_stopped = False
        self._tasks: list[_Task] = []

    def run(
        self,
        make: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> Task:
        """As `Lane.run`."""
        return self._work(partial(_made, make, then, failed))

    def latest(
        self,
        make: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> Task:
        """As `Lane.latest`."""
        self.drop()
        return self.run(make, then, failed)

    def drain(
        self,
        make: Callable[[], Iterator[T]],
        on_item: Callable[[T], object],
        on_end: Callable[[str], object],
    ) -> Task:
        """As `Lane.drain`."""
        return self._work(partial(_drained, make, on_item, on_end))

    def drop(self) -> None:
        """As `Lane.drop`; of use to who is being handed something over."""
        for task in self._tasks:
            task.stop()

    def wait(self) -> None:
        """As `Lane.wait`: all is done already."""

    def stop(self, *, wait: bool = False) -> None:  # noqa: ARG002  nothing is being done
        """As `Lane.stop`."""
        self.drop()
        self._is_stopped = True

    def _work(self, calls: Callable[[], Iterator[Call]]) -> Task:
        task = _Task()
        if self._is_stopped:
            task.stop()
            return task
        self._tasks.append(task)
        try:
            self._hand_over(task, calls)
        finally:
            self._tasks.remove(task)
            task.stop()
        return task

    def _hand_over(self, task: _Task, calls: Callable[[], Iterator[Call]]) -> None:
        with closing(calls()) as made:  # type: ignore[type-var]
            for call in made:
                if not task.is_running:
                    return
                task.hand_over(call)


class _WaitingTimer:
    def __init__(self, call: Call, delay_s: float) -> None:
        self._call, self.delay_s, self.is_active = call, delay_s, False

    def start(self) -> None:
        self.is_active = True

    def stop(self) -> None:
        self.is_active = False

    def fire(self) -> None:
        self.is_active = False
        self._call()


# -- what both do ------------------------------------------------------------------------------


def _made(
    make: Callable[[], T],
    then: Callable[[T], object] | None,
    failed: Callable[[str], object] | None,
) -> Iterator[Call]:
    """The one call that hands over what ``make`` gives."""
    try:
        made = make()
    except Exception as error:  # noqa: BLE001  a bug must reach the window, not vanish
        yield _told(error, failed)
    else:
        if then is not None:
            yield partial(then, made)


def _drained(
    make: Callable[[], Iterator[T]],
    on_item: Callable[[T], object],
    on_end: Callable[[str], object],
) -> Iterator[Call]:
    """A call for each item, and one for the end."""
    try:
        items = make()
        try:
            for item in items:
                yield partial(on_item, item)
        finally:
            getattr(items, "close", _nothing)()  # a generator's; other iterators have none
    except Exception as error:  # noqa: BLE001  as above
        yield _told(error, on_end)
    else:
        yield partial(on_end, "")


def _told(error: Exception, failed: Callable[[str], object] | None) -> Call:
    if failed is not None and isinstance(error, EmsegError):
        return partial(failed, str(error))
    return partial(_throw, error)


def _nothing() -> None:
    """Where nothing is to be closed."""


def _throw(error: Exception) -> None:
    raise error
