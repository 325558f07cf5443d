"""How long a training is expected to take on this machine, once that was measured."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, replace
from functools import partial
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from napari_emseg.core.config.presets import PRESETS
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.engine.jobs import StepTimeJob
from napari_emseg.model.train.step_time_book import (
    expected_seconds,
    keep_step_time,
    known_step_time,
)
from napari_emseg.session.jobs import Jobs
from napari_emseg.session.words import duration
from napari_emseg.types import Cancelled, Event, Failed, Finished, Log, Progress

_SLOW_FIRST = "loading TensorFlow and the first step take longest"


@dataclass(frozen=True)
class TrainingPlan:
    """What the time depends on.

    Parameters
    ----------
    recipe : Recipe
        All settings.
    device : str
        Where to train.
    shapes : tuple of (int, int)
        Rows and columns of each slice that trains.
    """

    recipe: Recipe
    device: str
    shapes: tuple[tuple[int, int], ...]


@dataclass(eq=False)
class TimeEstimate:
    """Says what each preset takes here, and measures it where that is not known.

    Parameters
    ----------
    jobs : Jobs
        Has the worker measure.

    Attributes
    ----------
    text : str
        What is known; empty where there are no data yet.
    is_unknown : bool
        Whether it can be measured, and is not yet.
    is_measuring : bool
        Whether that goes on.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    jobs: InitVar[Jobs]
    text: str = ""
    is_unknown: bool = False
    is_measuring: bool = False

    def __post_init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._plan: TrainingPlan | None = None
        self._ticket: int | None = None

    def show_plan(self, plan: TrainingPlan | None) -> None:
        """Say how long this would take; None where there are no data yet."""
        self._plan = plan
        is_open = plan is not None and not plan.recipe.train.minutes  # else a person has said it
        step_time = known_step_time(plan.recipe, plan.device) if plan and is_open else None
        self.is_unknown = is_open and step_time is None
        if plan is None or not is_open:
            self.text = ""
        elif step_time is None:
            self.text = "How long that takes on this machine is not measured yet."
        else:
            self.text = f"Measured on this machine: {_expected(plan, step_time)}."

    def measure(self) -> None:
        """Have some steps trained on noise."""
        plan = self._plan
        if plan is None or self.is_measuring:
            return
        self.text, self.is_measuring = f"Measuring; {_SLOW_FIRST} ...", True
        job = StepTimeJob(plan.recipe, plan.device)
        ticket = self._jobs.submit(lambda: job, partial(self._take, plan))
        self._ticket = ticket if self.is_measuring else None

    def stop(self) -> None:
        """Measure no more."""
        if self._ticket is not None:
            self._jobs.abandon(self._ticket)
            self._end()

    def close(self) -> None:
        """Likewise, and tell nobody."""
        self.events.disconnect()
        self.stop()

    def _take(self, plan: TrainingPlan, event: Event) -> None:
        if isinstance(event, Progress):
            self.text = f"Measuring: {event.done:.0f} of {event.total:.0f} {event.unit} ..."
        if isinstance(event, Log):
            self.text = event.message
        if isinstance(event, Finished):
            keep_step_time(plan.recipe, plan.device, event.result)
        if isinstance(event, Finished | Failed | Cancelled):
            self._end()
        if isinstance(event, Failed | Cancelled):
            self.text = event.message

    def _end(self) -> None:
        self._ticket, self.is_measuring = None, False
        self.show_plan(self._plan)


def _expected(plan: TrainingPlan, step_time: float) -> str:
    """Times of all presets, and of the settings chosen where these are none of them."""
    recipe = plan.recipe
    recipes = {
        preset.name: replace(recipe, train=replace(recipe.train, **preset.train))
        for preset in PRESETS
    }
    if recipe not in recipes.values():
        recipes = {"these settings": recipe}

    def words(each: Recipe) -> str:
        return _rounded(expected_seconds(each, step_time, plan.shapes))

    return ", ".join(f"{name} about {words(each)}" for name, each in recipes.items())


def _rounded(seconds: float) -> str:
    """To the minute, since it is no better known."""
    if seconds < 60:
        return duration(seconds)
    return duration(60 * round(seconds / 60)).removesuffix(" 00 s")
