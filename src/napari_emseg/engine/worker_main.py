"""The worker process: jobs come in through standard input, events go out through standard output.

Started as ``python -m napari_emseg.engine.worker_main`` by `napari_emseg.engine.worker`. A plain
subprocess, and not `multiprocessing`, because that would run the script that started napari a
second time.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import traceback
from typing import BinaryIO

import psutil

from napari_emseg.engine.worker_messages import Cancel, Submit, Told, read_message, write_message
from napari_emseg.errors import CancelledError, EmsegError, WorkerError
from napari_emseg.model.hardware.backend import prepare_environment
from napari_emseg.model.hardware.memory import memory_errors
from napari_emseg.types import Cancelled, Event, Failed, Finished

_NICENESS = 5


class _Worker:
    """Does one job after another until standard input ends."""

    def __init__(self, messages: BinaryIO, events: BinaryIO) -> None:
        self._messages, self._events = messages, events
        self._jobs: queue.SimpleQueue[Submit] = queue.SimpleQueue()
        self._cancelled: set[int] = set()

    def listen(self) -> None:
        """Take messages; end the process when the parent has closed the pipe or is gone.

        The main thread may be deep in a computation, so it is not asked.
        """
        while True:
            try:
                message = read_message(self._messages)
            except (EOFError, OSError):
                os._exit(0)
            except WorkerError:
                traceback.print_exc()
                os._exit(1)
            if isinstance(message, Cancel):
                self._cancelled.add(message.number)
            else:
                self._jobs.put(message)

    def work(self) -> None:
        """Do jobs for ever."""
        while True:
            submitted = self._jobs.get()
            self._send(submitted.number, self._perform(submitted))

    def _perform(self, submitted: Submit) -> Event:
        """Do one job, and say how it ended."""
        from napari_emseg.engine.run import run

        number = submitted.number
        try:
            with memory_errors():
                result = run(
                    submitted.job,
                    lambda event: self._send(number, event),
                    lambda: number in self._cancelled,
                )
            return Finished(result)
        except CancelledError as error:
            return Cancelled(str(error))
        except EmsegError as error:
            return Failed(str(error))
        except MemoryError:
            return Failed(
                "The machine has not enough free memory for this; close other programs, or choose "
                "a smaller tile or batch size."
            )
        except Exception as error:  # noqa: BLE001  a bug of ours must not end the worker
            return Failed(f"{type(error).__name__}: {error}", details=traceback.format_exc())

    def _send(self, number: int, event: Event) -> None:
        write_message(self._events, Told(number, event))


def _claim_standard_output() -> BinaryIO:
    """The pipe to the parent; whatever libraries print goes to standard error from now on."""
    sys.stdout.flush()
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def _yield_to_the_window() -> None:
    """Compute at a lower priority than the window, which has to answer at once."""
    process = psutil.Process()
    with contextlib.suppress(psutil.Error, OSError):
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else _NICENESS)


def main() -> None:
    """Entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the parent
    _yield_to_the_window()
    prepare_environment()
    worker = _Worker(sys.stdin.buffer, _claim_standard_output())
    threading.Thread(target=worker.listen, name="listen", daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main()
