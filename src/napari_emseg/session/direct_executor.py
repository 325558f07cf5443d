"""Work done at once, where it is asked for: for scripts and tests."""

from __future__ import annotations

from contextlib import closing

from napari_emseg.session.executor import Call, Calls, Lane, Task, Timer


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


class DirectLane(Lane):
    """A `Lane` that is no thread: work is done, and handed over, before the call returns."""

    def __init__(self) -> None:
        super().__init__()
        self._is_stopped = False

    def wait(self) -> None:
        """As `Lane.wait`: all is done already."""

    def stop(self, *, wait: bool = False) -> None:  # noqa: ARG002  nothing is being done
        """As `Lane.stop`."""
        self.drop()
        self._is_stopped = True

    def _do(self, task: Task, calls: Calls) -> None:
        try:
            if not self._is_stopped:
                self._hand_over(task, calls)
        finally:
            task.stop()

    def _hand_over(self, task: Task, calls: Calls) -> None:
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
