"""How failures are shown: ours in words, bugs with their traceback."""

from __future__ import annotations

import pytest
from napari.utils.notifications import ErrorNotification, notification_manager

from napari_emseg.types import Failed
from napari_emseg.ui.widgets.notify import show_failure


@pytest.fixture
def shown(monkeypatch):
    monkeypatch.setattr(notification_manager, "notification_ready", lambda _: None)
    return notification_manager.records


@pytest.mark.parametrize(
    "failed",
    [Failed("stack: no such file"), Failed("ended by SIGKILL", details="log", crashed=True)],
)
def test_what_a_person_can_mend_has_no_traceback(shown, failed):
    show_failure(failed)
    assert shown[-1].message == failed.message
    assert not isinstance(shown[-1], ErrorNotification)


def test_bug_has_its_traceback(shown):
    show_failure(Failed("KeyError: 'x'", details="Traceback: in the worker"))
    assert isinstance(shown[-1], ErrorNotification)
    assert "in the worker" in str(shown[-1].exception)
