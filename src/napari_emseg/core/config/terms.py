"""What a person says about a model that is to be passed on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from napari_emseg.core.config.setting import Config, setting

UNSTATED = "not stated"
"""What stands in the place of a licence that nobody gave."""


@dataclass(frozen=True)
class TermsConfig(Config):
    """Who made a model, and what others may do with it and with the data behind it."""

    author: str = setting("", "Who trains the model; written into its description.")
    license: str = setting(
        UNSTATED,
        "Terms under which others may use the model, by their SPDX name.",
        choices=(
            UNSTATED, "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "MIT",
            "BSD-3-Clause", "Apache-2.0", "GPL-3.0-or-later",
        ),
    )  # fmt: skip
    data_terms: str = setting(
        "", "Terms under which the slices may be used; they go along with every copy of the model."
    )

    def after(self, earlier: TermsConfig) -> TermsConfig:
        """These, for a model that goes on where another was: the terms of its data stay."""
        if self.data_terms in earlier.data_terms:
            return replace(self, data_terms=earlier.data_terms)
        known = [each for each in (self.data_terms, earlier.data_terms) if each]
        return replace(self, data_terms=" And of what it was trained on before: ".join(known))
