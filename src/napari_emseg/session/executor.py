"""One way to run work beside the window.

A session never makes a thread, a timer or a signal of its own: it asks its `Executor`. The one of
the window hands results over on the window's thread (`ui.background.executor`, over
`session.thread_lane`); `session.direct_executor` does all at once, where it is asked, for scripts
and tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, TypeVar

from napari_emseg.errors import EmsegError

T = TypeVar("T")
Call = Callable[[], object]
Calls = Callable[[], Iterator[Call]]
"""Does work, and gives what is to be called with what comes of it."""


class Task:
    """Work that was asked for.

    Attributes
    ----------
    is_running : bool
        Whether something is still to be handed over.
    """

    def __init__(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        """Hand nothing over any more, and end after the item that is being made."""
        self.is_running = False

    def hand_over(self, call: Call) -> None:
        """Call, unless the task was stopped meanwhile."""
        if self.is_running:
            call()


class Timer(Protocol):
    """A call that is put off."""

    def start(self) -> None:
        """Call after the delay, once; a start before that puts it off again."""

    def stop(self) -> None:
        """Do not call."""

    @property
    def is_active(self) -> bool:
        """Whether the call is still to come."""


class Lane(ABC):
    """Work that is done one after the other, beside who asks for it.

    Of what goes wrong, the message of an `EmsegError` is given to ``failed``; anything else, and an
    `EmsegError` without ``failed``, is raised where results are handed over.
    """

    def __init__(self) -> None:
        self._tasks: list[Task] = []

    def run(
        self,
        make: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> Task:
        """Hand over what ``make`` gives."""
        return self._begin(partial(_made, make, then, failed))

    def latest(
        self,
        make: Callable[[], T],
        then: Callable[[T], object] | None = None,
        failed: Callable[[str], object] | None = None,
    ) -> Task:
        """As `run`; all that was asked for earlier on this lane is dropped."""
        self.drop()
        return self.run(make, then, failed)

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
        return self._begin(partial(_drained, make, on_item, on_end))

    def drop(self) -> None:
        """Hand over nothing of what was asked for so far."""
        for task in self._tasks:
            task.stop()

    @abstractmethod
    def wait(self) -> None:
        """Until all that was asked for so far is done; it may still have to be handed over."""

    @abstractmethod
    def stop(self, *, wait: bool = False) -> None:
        """Do nothing more, and hand nothing over; ``wait`` for what is being done.

        What is asked for afterwards is not done.
        """

    def _begin(self, calls: Calls) -> Task:
        self._tasks = [task for task in self._tasks if task.is_running]
        task = Task()
        self._tasks.append(task)
        self._do(task, calls)
        return task

    @abstractmethod
    def _do(self, task: Task, calls: Calls) -> None:
        """Work, and hand over what comes of it, for as long as the task runs; then stop it."""


class Executor(Protocol):
    """What a session runs its work with."""

    def lane(self, name: str) -> Lane:
        """A new lane; `Lane.stop` ends it."""

    def timer(self, call: Call, delay_s: float = 0.0) -> Timer:
        """Something to be done later; with a delay of 0 in the next turn of the event loop."""

    def deliver(self, call: Call) -> None:
        """Call on the session's own thread; for threads of others, such as the worker's."""


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
