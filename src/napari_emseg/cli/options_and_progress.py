"""What the command line shares: options from settings, progress, exit status."""

from __future__ import annotations

import math
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from tqdm import tqdm

from napari_emseg.core.config.setting import Config, Setting
from napari_emseg.core.slices import parse_slices
from napari_emseg.errors import CancelledError, EmsegError, SettingError, naming_extras
from napari_emseg.model.train.history import source_names, worst_source
from napari_emseg.types import EpochDone, Event, Log, Progress

EXIT_ERROR, EXIT_USAGE, EXIT_CANCELLED = 1, 2, 130

_Command = TypeVar("_Command", bound=Callable[..., Any])


# -- options ----------------------------------------------------------------------------------


def options_of(
    config: type[Config], *, without_default: Sequence[str] = (), only: Sequence[str] = ()
) -> Callable[[_Command], _Command]:
    """Decorator: one option for every setting of ``config``.

    Parameters
    ----------
    config : type of Config
        Where the settings are declared.
    without_default : sequence of str
        Settings that are None where a person does not give them, in place of the declared default.
    only : sequence of str
        Settings that the command has; all by default.
    """

    def decorate(command: _Command) -> _Command:
        for declared in reversed(list(config.settings())):
            if not only or declared.name in only:
                command = _option(declared, declared.name in without_default)(command)
        return command

    return decorate


def _option(declared: Setting, without_default: bool) -> Callable[[_Command], _Command]:
    flag = declared.name.replace("_", "-")
    names = f"--{flag}/--no-{flag}" if declared.type is bool else f"--{flag}"
    kind: Any = click.Choice(declared.choices) if declared.choices else declared.type
    help_text = (
        declared.help if declared.type is bool else f"{declared.help} ({declared.range_text})"
    )
    return click.option(
        names,
        declared.name,
        type=kind,
        default=None if without_default else declared.default,
        show_default=not without_default,
        help=help_text,
    )


def voxel_size_option(says: str) -> Callable[[_Command], _Command]:
    """Decorator: the size of a voxel, in place of what ``says`` it otherwise."""
    return click.option(
        "--voxel-size-nm", type=float, nargs=3, metavar="Z Y X",
        help=f"Edge lengths of a voxel, such as 50 4 4, in place of what {says} says.",
    )  # fmt: skip


def given(options: dict[str, Any], *configs: type[Config]) -> dict[str, Any]:
    """The settings of ``configs`` that the person has written; all of them leave ``options``.

    What is not written is left to the function that is called.

    Parameters
    ----------
    options : dict
        The values of all options of the command, by name.
    *configs : type of Config
        Where the settings are declared.
    """
    names = [each.name for config in configs for each in config.settings()]
    values = {name: options.pop(name) for name in names}
    return {name: value for name, value in values.items() if _is_given(name)}


def _is_given(option: str) -> bool:
    """Whether the person has written this option of the command that runs."""
    source = click.get_current_context().get_parameter_source(option)
    return source is not ParameterSource.DEFAULT


class Slices(click.ParamType[tuple[int, ...]]):
    """A tuple of slice numbers; see `napari_emseg.core.slices.parse_slices`."""

    name = "slices"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read the text of an option."""
        if isinstance(value, tuple):
            return value
        try:
            return parse_slices(value)
        except SettingError as error:
            self.fail(str(error).removeprefix("slices: "), param, ctx)


class SlicesOrAll(Slices):
    """As `Slices`; None for ``all`` or ``:``."""

    def convert(  # type: ignore[override]
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...] | None:
        """Read the text of an option."""
        return None if value in ("all", ":", None) else super().convert(value, param, ctx)


# -- jobs -------------------------------------------------------------------------------------


@contextmanager
def progress_and_stop() -> Iterator[dict[str, Any]]:
    """What a job of ours is called with: ``on_event`` draws a bar, ``should_stop`` knows Ctrl-C.

    The first Ctrl-C stops it politely, the second one at once.
    """
    with _stop_on_interrupt() as stopped, _Progress() as progress:
        yield {"on_event": progress.show, "should_stop": stopped.is_set}


def say(lines: Iterable[str]) -> None:
    """Sentences for a person, on standard error: others read the output."""
    for line in lines:
        tqdm.write(line, file=sys.stderr)


@contextmanager
def slice_bar(unit: str = "slice") -> Iterator[Callable[[int, int], None]]:
    """What draws "done of total" slices, or of another unit, as a bar on standard error."""
    with tqdm(unit=unit, disable=None) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance


class _Progress:
    """Draws events as a bar on standard error."""

    def __enter__(self) -> _Progress:
        self._bar: tqdm[Any] | None = None
        self._rows = 0
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, event: Event) -> None:
        """Draw one event."""
        match event:
            case Progress():
                self._advance(event)
            case Log(message):
                tqdm.write(message, file=sys.stderr)
            case EpochDone(epoch, scores, left):
                self._write_row(epoch, scores, left)

    def _advance(self, event: Progress) -> None:
        if self._bar is None:
            counts = (
                "{n:.0f}/{total:.0f} {unit}" if event.total > 1 else "{percentage:.0f} % {unit}"
            )
            self._bar = tqdm(
                total=event.total,
                initial=event.done,  # what was there before says nothing of the speed
                unit=event.unit,
                bar_format="{bar:30} " + counts + "  {elapsed}<{remaining}",
                disable=None,
            )
        self._bar.update(event.done - self._bar.n)

    def _write_row(self, epoch: int, scores: dict[str, float], left: float | None) -> None:
        if self._rows % _HEADER_EVERY == 0:
            worst_title = f"{_GAP}worst V_rand" if source_names([scores]) else ""
            tqdm.write(_HEADER + worst_title, file=sys.stderr)
        self._rows += 1
        cells = [f"{_number(scores[n])} |{_number(scores[f'val_{n}'])}" for n in _SHOWN]
        worst = worst_source(scores)
        last = "" if worst is None else f"{_GAP}{worst[1]:.4f} {worst[0]}"
        tqdm.write(
            f"{epoch:5d}{_GAP}{_GAP.join(cells)}{_GAP}{_duration(left):>9}{last}", file=sys.stderr
        )


_SHOWN = ("loss", "accuracy", "v_rand", "v_info")
_TITLES = ("loss", "accuracy", "V_rand", "V_info")
_GAP = "   "
_HEADER = "\n".join((
    f"epoch{_GAP}{_GAP.join(f'{title:^16}' for title in _TITLES)}{_GAP}time left",
    f"     {_GAP}{_GAP.join(['  train | valid.'] * len(_TITLES))}",
))  # fmt: skip
_HEADER_EVERY = 25


def _number(value: float) -> str:
    """Seven characters; what was not measured is a dash."""
    return f"{'-':>7}" if math.isnan(value) else f"{value:7.4f}"


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else tqdm.format_interval(seconds)


@contextmanager
def _stop_on_interrupt() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C sets; the second one interrupts as usual."""
    stopped = threading.Event()

    def stop(*_: object) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        tqdm.write("Stopping ... (again to end at once)", file=sys.stderr)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _with_options(error: BaseException) -> str:
    """What an error says, and the options that would mend it."""
    settings = error.settings if isinstance(error, EmsegError) else {}
    options = " or ".join(_written(name, value) for name, value in settings.items())
    return f"{error} ({options})" if options else str(error)


def _written(name: str, value: Any) -> str:
    """An option as a person writes it."""
    values = [] if value is True else value if isinstance(value, tuple) else [value]
    return " ".join([f"--{name.replace('_', '-')}", *map(str, values)])


def exit_status(command: click.Command, args: Sequence[str] | None) -> int:
    """Run the command line; a clear error is one line on standard error.

    Returns
    -------
    int
        0 done, 1 a clear error, 2 wrong usage, 130 cancelled.
    """
    try:
        with naming_extras():
            command.main(args, prog_name="napari-emseg", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (CancelledError, click.Abort, KeyboardInterrupt) as error:
        click.echo(_with_options(error) or "Cancelled.", err=True)
        return EXIT_CANCELLED
    except EmsegError as error:
        click.echo(f"napari-emseg: {_with_options(error)}", err=True)
        return EXIT_ERROR
    except BrokenPipeError:  # the reader of our output, such as head, has had enough
        sys.stderr.close()
        return 0
    return 0
