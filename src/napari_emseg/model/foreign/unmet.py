"""What a model of others asks for and is not done here."""

from __future__ import annotations

from typing import Any

from napari_emseg.errors import ModelError


def unmet(field: str, received: Any, expected: str, **settings: Any) -> ModelError:
    """The error that names a field of a description, or of its form, that cannot be met.

    Parameters
    ----------
    field : str
        Which one, such as ``inputs: axes``.
    received : Any
        What it holds.
    expected : str
        What could be done, and what a person can do.
    **settings
        Those that would mend it.
    """
    said = " ".join(repr(received).split())[:200]
    return ModelError(f"model: {field}: received {said}; expected {expected}", **settings)
