"""Every setting is declared whole, and a wrong value is refused in words."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import pytest

from napari_emseg.core.config.augmentation import AugmentConfig
from napari_emseg.core.config.comparison import CompareConfig
from napari_emseg.core.config.correction import BrushConfig, RetrainConfig
from napari_emseg.core.config.network import NetworkConfig
from napari_emseg.core.config.prediction import MaskConfig, PredictConfig
from napari_emseg.core.config.recipe import Recipe
from napari_emseg.core.config.setting import Config, require_known, setting
from napari_emseg.core.config.terms import TermsConfig
from napari_emseg.core.config.training import TrainConfig
from napari_emseg.errors import SettingError

CONFIGS = [
    NetworkConfig, AugmentConfig, TrainConfig, PredictConfig, MaskConfig, BrushConfig,
    RetrainConfig, CompareConfig, TermsConfig,
]  # fmt: skip
SETTINGS = [
    pytest.param(config, each, id=f"{config.__name__}.{each.name}")
    for config in CONFIGS
    for each in config.settings()
]
NUMBERS = [case for case in SETTINGS if case.values[1].type in (int, float)]


@dataclass(frozen=True)
class ChoiceConfig(Config):
    """A config with a choice, which none of the real ones has yet."""

    mode: str = setting("fast", "How.", choices=("fast", "slow"))


@pytest.mark.parametrize(("config", "declared"), SETTINGS)
def test_declaration_is_whole(config, declared):
    assert declared.type in (bool, int, float, str)
    assert declared.help[0].isupper()
    assert declared.help.endswith(".")
    assert declared.range_text
    declared.check(declared.default)


@pytest.mark.parametrize(("config", "declared"), NUMBERS)
def test_numbers_have_a_range_and_keep_to_it(config, declared):
    assert declared.ge is not None
    assert declared.le is not None
    assert declared.ge < declared.le
    for allowed in (declared.ge, declared.le):
        declared.check(declared.type(allowed))
    for refused in (declared.type(declared.ge) - 1, declared.type(declared.le) + 1):
        with pytest.raises(SettingError) as caught:
            declared.check(refused)
        message = str(caught.value)
        assert message.startswith(f"{declared.name}: ")
        assert f"{declared.ge:g} to {declared.le:g}" in message
        assert declared.unit in message
        assert repr(refused) in message


@pytest.mark.parametrize(("config", "declared"), NUMBERS)
@pytest.mark.parametrize("wrong", [math.nan, math.inf, True, "4", None])
def test_what_is_no_number_is_refused(config, declared, wrong):
    with pytest.raises(SettingError, match=declared.name):
        config(**{declared.name: wrong})


def test_a_float_setting_takes_an_int_and_an_int_setting_no_float():
    assert TrainConfig(minutes=3).minutes == 3
    with pytest.raises(SettingError, match=r"epochs: expected 1 to .*, received 2\.0"):
        TrainConfig(epochs=2.0)


def test_a_bool_setting_takes_no_number():
    with pytest.raises(SettingError, match="residual: expected a bool, received 1"):
        NetworkConfig(residual=1)


def test_choices():
    assert ChoiceConfig("slow").mode == "slow"
    with pytest.raises(SettingError, match="mode: expected one of fast, slow, received 'quick'"):
        ChoiceConfig("quick")


@pytest.mark.parametrize("name", ["elastic_alpha", "elastic_sigma"])
def test_bounds_in_the_wrong_order_are_refused(name):
    with pytest.raises(SettingError, match=f"{name}_min"):
        AugmentConfig(**{f"{name}_min": 80.0, f"{name}_max": 20.0})


@pytest.mark.parametrize("config", CONFIGS)
def test_configs_survive_json(config):
    assert config.from_dict(json.loads(json.dumps(config().to_dict()))) == config()


def test_from_dict_checks_the_values():
    with pytest.raises(SettingError, match="epochs"):
        TrainConfig.from_dict({"epochs": 0})


def test_from_dict_names_what_it_does_not_know():
    with pytest.raises(SettingError, match=r"NetworkConfig: unknown setting deep; known are .*dep"):
        NetworkConfig.from_dict({"deep": 3})


def test_recipe_survives_json():
    recipe = Recipe(
        NetworkConfig(depth=2, residual=False),
        AugmentConfig(flip_probability=0.0, noise=0.0),
        TrainConfig(epochs=3, patch_size=64, learning_rate=2e-4),
    )
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_recipe_fills_in_the_groups_that_are_missing():
    assert Recipe.from_dict({"network": {"depth": 2}}) == Recipe(NetworkConfig(depth=2))


def test_recipe_names_the_group_it_does_not_know():
    with pytest.raises(SettingError, match="unknown group netwrok; known are network"):
        Recipe.from_dict({"netwrok": {"depth": 2}})


def test_recipe_refuses_patches_that_the_network_cannot_halve():
    with pytest.raises(SettingError, match=r"patch_size: expected a multiple of 16 px .* 100"):
        Recipe(NetworkConfig(depth=4), train=TrainConfig(patch_size=100))


def test_network_multiple():
    assert [NetworkConfig(depth=depth).multiple for depth in (1, 2, 4, 6)] == [2, 4, 16, 64]


def test_an_even_number_of_input_slices_has_no_middle():
    with pytest.raises(SettingError, match="input_slices: expected 1 or 3, received 2"):
        NetworkConfig(input_slices=2)


def test_exact_and_int8_exclude_each_other():
    with pytest.raises(SettingError, match="exact: expected one of exact and int8"):
        PredictConfig(exact=True, int8=True)


@pytest.mark.parametrize(
    ("count", "z", "seen"),
    [(1, 0, [0]), (1, 4, [4]), (3, 0, [0, 0, 1]), (3, 2, [1, 2, 3]), (3, 4, [3, 4, 4])],
)
def test_slices_seen(count, z, seen):
    assert NetworkConfig(input_slices=count).slices_seen(z, 5) == seen
    assert NetworkConfig(input_slices=count).slices_seen(0, 1) == [0] * count


def test_network_of_an_older_version_has_the_defaults():
    old = {"depth": 4, "base_filters": 16, "residual": True}
    assert NetworkConfig.from_dict(old) == NetworkConfig(4, 16)


def test_settings_by_name_change_the_config_that_has_them():
    values = {"depth": 2, "seed": 5}
    assert NetworkConfig(base_filters=8).changed(values) == NetworkConfig(2, 8)
    assert TrainConfig().changed(values) == TrainConfig(seed=5)
    with pytest.raises(SettingError, match="depth: expected 1 to 6"):
        NetworkConfig().changed({"depth": 9})


def test_a_setting_that_nobody_knows_is_refused():
    require_known({"depth": 2, "seed": 5}, NetworkConfig, TrainConfig)
    with pytest.raises(SettingError, match="none called 'sede'; did you mean 'seed'"):
        require_known({"sede": 5}, NetworkConfig, TrainConfig)
    with pytest.raises(SettingError, match="none called 'seed'; known are threshold, "):
        require_known({"seed": 5}, MaskConfig)


def test_the_options_of_a_command_have_each_name_once():
    for configs in ((TrainConfig, NetworkConfig, AugmentConfig, TermsConfig),
                    (PredictConfig, MaskConfig)):  # fmt: skip
        names = [each.name for config in configs for each in config.settings()]
        assert len(set(names)) == len(names)


def test_classes_have_names():
    assert NetworkConfig(classes=3).names == ("membrane", "cell", "class 3")
    named = NetworkConfig(classes=3, class_names="membrane, cell,mitochondrion")
    assert named.names == ("membrane", "cell", "mitochondrion")
    assert NetworkConfig.from_dict(named.to_dict()) == named


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("membrane,cell", "expected 3 names, one a class, received 2 .*set classes to 2"),
        ("membrane,cell,cell", "a name of its own"),
        ("membrane,,cell", "a name of its own"),
    ],
)
def test_names_that_are_none_are_refused(names, said):
    with pytest.raises(SettingError, match=said):
        NetworkConfig(classes=3, class_names=names)


def test_what_a_form_calls_a_setting():
    titles = {each.name: each.title for each in TrainConfig.settings()}
    assert titles["patch_size"] == "Patch size [px]"
    assert titles["ema"] == "Average of weights"
    assert titles["border_sigma_px"] == "Width of borders [px]"
