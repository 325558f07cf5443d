"""The window's side of the worker process: it starts it, feeds it, listens to it and ends it."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import IO

import psutil

from napari_emseg.engine import worker_main
from napari_emseg.engine.jobs import Job
from napari_emseg.engine.worker_messages import Cancel, Submit, Told, read_message, write_message
from napari_emseg.errors import WorkerError, WriteError
from napari_emseg.io.scratch import Scratch
from napari_emseg.model.hardware.memory import says_memory_is_short
from napari_emseg.types import Cancelled, Event, Failed, Finished

OnJobEvent = Callable[[int, Event], None]

CANCEL_GRACE_S = 5.0
"""How long a cancelled job may take to stop by itself before its process is ended."""

_PATIENCE_S = 5.0
_LOG_TAIL_BYTES = 4000
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")
"""Variables that name the folder of temporary files, on some system each."""
_log = logging.getLogger(__name__)


class Worker:
    """A process of its own that does one job after another.

    It is started with the first job (or by `start`), stays warm between jobs, and is started
    again after a crash. It ends with its parent, however that ends.

    Parameters
    ----------
    on_event : callable
        Receives ``(number, event)``. Called from a thread of the worker's, or from the caller's.
        The last event of every job is `Finished`, `Failed` or `Cancelled`, also where the process
        cannot be started or understood.
    most_growth : float
        Bytes that the process may have come to hold after a job beyond those after its first one:
        where it has more, the next job gets a new process. TensorFlow keeps the graphs of each
        training, whatever is done to free them.
    """

    def __init__(self, on_event: OnJobEvent, *, most_growth: float = math.inf) -> None:
        self._tell, self._most_growth = on_event, most_growth
        self._numbers = count(1)
        self._lock = threading.RLock()
        self._waiting: deque[Submit] = deque()
        self._current: Submit | None = None
        self._cancelled: set[int] = set()
        self._process: _Process | None = None
        self._closed = False

    # -- what callers use ------------------------------------------------------------------

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        process = self._process
        return None if process is None else process.pid

    def start(self) -> None:
        """Start the process now, so that the first job finds it warm.

        Raises
        ------
        WorkerError
            If the process cannot be started.
        """
        with self._lock:
            self._require_open()
            if self.pid is None and self._current is None:  # else it has died, and `_ended` follows
                self._process = _Process(self._received, self._ended)

    def submit(self, job: Job) -> int:
        """Queue a job; gives the number that its events will carry.

        Raises
        ------
        WorkerError
            If the worker was closed, or its process cannot be started; the job is not kept then.
        """
        with self._lock:
            self._require_open()
            submitted = Submit(next(self._numbers), job)
            if self._current is None:
                self._begin(submitted)
            else:
                self._waiting.append(submitted)
        return submitted.number

    def cancel(self, number: int, *, grace_s: float = CANCEL_GRACE_S) -> None:
        """Ask a job to stop; end the process where it has not stopped after ``grace_s`` seconds."""
        with self._lock:
            self._cancelled.add(number)
            if self._current is not None and self._current.number == number:
                self._send(Cancel(number))
                timer = threading.Timer(grace_s, self._end_if_still_at, [number])
                timer.daemon = True
                timer.start()
                return
            queued = [each for each in self._waiting if each.number == number]
            self._waiting = deque(each for each in self._waiting if each.number != number)
        if queued:
            self._answer(number, Cancelled("Stopped before it began."))

    def close(self) -> None:
        """End the process; jobs that are not done are dropped without a word."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._current = None
            process, self._process = self._process, None
        if process is not None:
            process.end()

    # -- the queue -------------------------------------------------------------------------

    def _begin(self, submitted: Submit) -> None:
        self.start()
        self._send(submitted)
        self._current = submitted

    def _begin_next(self) -> Iterator[tuple[int, Failed]]:
        """Begin the next waiting job; gives the last event of each one that cannot begin."""
        while self._current is None and self._waiting:
            submitted = self._waiting.popleft()
            try:
                self._begin(submitted)
            except WorkerError as error:
                yield submitted.number, Failed(str(error))
            except Exception as error:  # noqa: BLE001  a job that no pickle holds: a bug of ours
                bug = f"{type(error).__name__}: {error}"
                yield submitted.number, Failed(bug, details=traceback.format_exc())

    def _send(self, message: Submit | Cancel) -> None:
        assert self._process is not None
        try:
            self._process.send(message)
        except OSError as error:  # it has just died; `_ended` tells what happened
            _log.debug("worker process does not listen: %s", error)

    def _received(self, number: int, event: Event) -> None:
        self._answer(number, event)
        if isinstance(event, (Finished, Failed, Cancelled)):
            self._done(number)

    def _answer(self, number: int, event: Event) -> None:
        """Tell the listener; what goes wrong there must not keep later jobs from their answers."""
        try:
            self._tell(number, event)
        except Exception:  # noqa: BLE001  said in the log
            _log.exception("a listener of the worker process failed")

    def _done(self, number: int) -> None:
        with self._lock:
            self._cancelled.discard(number)
            if self._current is None or self._current.number != number:
                return
            self._current = None
            if self._process is not None and self._process.growth() > self._most_growth:
                process, self._process = self._process, None
                process.kill()
            refused = list(self._begin_next())
        for each in refused:
            self._answer(*each)

    def _require_open(self) -> None:
        if self._closed:
            raise WorkerError("The worker was closed.")

    # -- the end of the process ------------------------------------------------------------

    def _end_if_still_at(self, number: int) -> None:
        with self._lock:
            busy = self._current is not None and self._current.number == number
            if busy and self._process is not None:
                self._process.kill()

    def _ended(self, process: _Process, what_happened: str, log: str) -> None:
        with self._lock:
            if process is not self._process:
                return  # closed on purpose
            self._process = None
            submitted = self._current
            cancelled = submitted is not None and submitted.number in self._cancelled
        if submitted is None:
            _log.warning("%s", what_happened)
            return
        event: Event = Failed(
            f"{what_happened} It starts again with the next job; layers, labels and finished "
            "slices are kept.",
            details=log or None,
            crashed=True,
        )
        if cancelled:
            event = Cancelled("Stopped by ending the worker process; finished slices are kept.")
        self._answer(submitted.number, event)
        self._done(submitted.number)


class _Process:
    """The operating system's process, and the thread that reads what it says.

    Its temporary files lie in a folder that goes with it: TensorFlow leaves some wherever it does
    not end by itself, which no worker does.
    """

    def __init__(
        self,
        received: Callable[[int, Event], None],
        ended: Callable[[_Process, str, str], None],
    ) -> None:
        self._received, self._ended = received, ended
        self._held_first = 0
        self._popen = self._spawn()
        self._thread = threading.Thread(target=self._read, name="emseg-worker-events", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Its number, None where it has ended."""
        return self._popen.pid if self._popen.poll() is None else None

    def growth(self) -> float:
        """Bytes that it holds beyond those that it held when this was asked first."""
        try:
            held = psutil.Process(self._popen.pid).memory_info().rss
        except psutil.Error:  # it has just died
            return 0.0
        self._held_first = self._held_first or held
        return float(held - self._held_first)

    def send(self, message: Submit | Cancel) -> None:
        """Tell it something; `OSError` where it does not listen any more."""
        assert self._popen.stdin is not None
        write_message(self._popen.stdin, message)

    def kill(self) -> None:
        """End it; what follows from that is done as after any other end."""
        self._popen.kill()

    def end(self) -> None:
        """End it, and wait until nothing of it is left."""
        self._popen.kill()
        self._popen.wait()
        if self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE_S)

    def _spawn(self) -> subprocess.Popen[bytes]:
        # -P: a file keras.py in the folder where napari was started must not be imported
        command = [sys.executable, "-P", "-m", worker_main.__name__]
        no_console = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows only
        try:
            with contextlib.ExitStack() as undone:
                self._log = undone.enter_context(tempfile.TemporaryFile())
                self._room = undone.enter_context(Scratch(tempfile.gettempdir()))
                process = subprocess.Popen(
                    command,
                    env={**os.environ, **dict.fromkeys(_TEMPORARY, str(self._room.folder))},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._log,
                    creationflags=no_console,
                )
                undone.pop_all()  # log and folder live as long as the process
                return process
        except (OSError, WriteError) as error:
            raise WorkerError(
                f"The worker process cannot be started ({' '.join(command)}): {error}"
            ) from error

    def _read(self) -> None:
        """Pass events on until the process ends, or says what nobody understands."""
        events = self._popen.stdout
        assert events is not None
        what_happened = ""
        try:
            while True:
                told = read_message(events)
                if not isinstance(told, Told):
                    raise WorkerError(f"expected an event, received {told!r}")
                self._received(told.number, told.event)
        except (EOFError, OSError):
            pass
        except WorkerError as error:
            what_happened = (
                f"The worker process was ended, for it cannot be understood: {error}. If "
                "napari-emseg was installed anew meanwhile, restart napari."
            )
            self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, events):
            _close_quietly(pipe)
        log = self._log_tail()
        self._log.close()
        self._room.close()
        self._ended(self, what_happened or _what_happened(self._popen.returncode, log), log)

    def _log_tail(self) -> str:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _LOG_TAIL_BYTES))
        return self._log.read().decode(errors="replace")


def _close_quietly(pipe: IO[bytes] | None) -> None:
    """Close a pipe whose other end may be gone with bytes still unsent."""
    try:
        if pipe is not None:
            pipe.close()
    except OSError as error:
        _log.debug("closing a pipe of the worker: %s", error)


def _what_happened(returncode: int, log: str) -> str:
    """The end of a process in words; ``log`` has its own last ones."""
    hint = ", probably because memory ran out" if says_memory_is_short(log) else ""
    if returncode < 0:
        name = signal.Signals(-returncode).name
        if name == "SIGKILL":
            hint = hint or ", often because the machine ran out of memory"
        return f"The worker process was ended by {name}{hint}."
    return f"The worker process ended unexpectedly with status {returncode}{hint}."
