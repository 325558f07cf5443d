"""How long a training is expected to take on this machine, once that was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from magicgui.widgets import Container, PushButton

from napari_emseg.core.config.presets import PRESETS
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.engine.jobs import StepTimeJob
from napari_emseg.model.train.step_time_book import (
    expected_seconds,
    keep_step_time,
    known_step_time,
)
from napari_emseg.session.jobs import Jobs
from napari_emseg.types import Cancelled, Event, Failed, Finished
from napari_emseg.ui.widgets.forms import wrapped_label
from napari_emseg.ui.widgets.words import duration


@dataclass(frozen=True)
class Plan:
    """What the time depends on.

    Parameters
    ----------
    recipe : Recipe
        All settings.
    device : str
        Where to train.
    shape : (int, int)
        Of a slice (Y, X).
    slices : int
        How many train.
    """

    recipe: Recipe
    device: str
    shape: tuple[int, int]
    slices: int


class TimeEstimate(Container):
    """Says what each preset takes here, and measures it where that is not known.

    Parameters
    ----------
    runner : Jobs
        Has the worker measure.
    """

    def __init__(self, runner: Jobs) -> None:
        self._runner = runner
        self._plan: Plan | None = None
        self._ticket: int | None = None
        self.text = wrapped_label("")
        self.measure = PushButton(
            text="Measure", tooltip="Train some steps on noise, which takes about half a minute."
        )
        super().__init__(widgets=[self.text, self.measure], labels=False)
        self.margins = (0, 0, 0, 0)
        self.measure.changed.connect(self._measure)

    def show_plan(self, plan: Plan | None) -> None:
        """Say how long this would take; None where there are no data yet."""
        self._plan = plan
        step_time = None if plan is None else known_step_time(plan.recipe, plan.device)
        self.measure.visible = plan is not None and step_time is None
        if plan is None:
            self.text.value = ""
        elif step_time is None:
            self.text.value = "How long that takes on this machine is not measured yet."
        else:
            self.text.value = f"Measured on this machine: {_expected(plan, step_time)}."

    def stop(self) -> None:
        """Measure no more: something else is to be done."""
        if self._ticket is not None:
            self._runner.abandon(self._ticket)
            self._end()

    def _measure(self) -> None:
        plan = self._plan
        if plan is None:
            return
        self.text.value = "Measuring ..."
        self.measure.enabled = False
        job = StepTimeJob(plan.recipe, plan.device)
        self._ticket = self._runner.submit(lambda: job, lambda event: self._take(plan, event))

    def _take(self, plan: Plan, event: Event) -> None:
        if isinstance(event, Finished):
            keep_step_time(plan.recipe, plan.device, event.result)
        if isinstance(event, Finished | Failed | Cancelled):
            self._end()
        if isinstance(event, Failed | Cancelled):
            self.text.value = event.message

    def _end(self) -> None:
        self._ticket = None
        self.measure.enabled = True
        self.show_plan(self._plan)


def _expected(plan: Plan, step_time: float) -> str:
    """Times of all presets, and of the settings chosen where these are none of them."""
    recipe = plan.recipe
    recipes = {
        preset.name: replace(recipe, train=replace(recipe.train, **preset.train))
        for preset in PRESETS
    }
    if recipe.train.minutes or recipe not in recipes.values():
        recipes = {"these settings": recipe}

    def words(each: Recipe) -> str:
        seconds = expected_seconds(each, step_time, shape=plan.shape, slices=plan.slices)
        return _rounded(seconds)

    return ", ".join(f"{name} about {words(each)}" for name, each in recipes.items())


def _rounded(seconds: float) -> str:
    """To the minute, since it is no better known."""
    if seconds < 60:
        return duration(seconds)
    return duration(60 * round(seconds / 60)).removesuffix(" 00 s")
