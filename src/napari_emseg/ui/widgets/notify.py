"""Errors as napari shows them: ours without a traceback, bugs with one."""

from __future__ import annotations

from napari.utils.notifications import (
    ErrorNotification,
    notification_manager,
    show_error,
    show_info,
    show_warning,
)

from napari_emseg.types import Failed


class WorkerBugError(Exception):
    """Carries the traceback of the worker process into napari's notification."""


def show_failure(failed: Failed) -> None:
    """Tell a person how a job failed."""
    if failed.crashed or failed.details is None:
        show_error(failed.message)
    else:
        bug = WorkerBugError(f"{failed.message}\n\nIn the worker process:\n{failed.details}")
        notification_manager.dispatch(ErrorNotification(bug))


__all__ = ["WorkerBugError", "show_error", "show_failure", "show_info", "show_warning"]
