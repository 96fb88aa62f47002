from pathlib import Path

import pytest
from pydantic import BaseModel

from cockpit.settings import PlannerChoice, Settings, SettingsInvalid, known_keys, load_settings


def settings_file(folder: Path, text: str) -> Path:
    file = folder / "cockpit.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_settings_sources_later_ones_win(tmp_path: Path) -> None:
    file = settings_file(tmp_path, '[bus]\nhost = "file"\nport = 1\n[agent]\nplanner = "lm"')
    environment = {"COCKPIT_BUS__HOST": "environment", "COCKPIT_BUS__PORT": "2"}
    settings = load_settings(file, ["bus.port=3"], environment)
    assert settings.bus.host == "environment"
    assert settings.bus.port == 3
    assert settings.agent.planner is PlannerChoice.LM


def test_settings_short_forms_reach_the_asset_store(tmp_path: Path) -> None:
    environment = {"COCKPIT_MODELS": str(tmp_path), "COCKPIT_OFFLINE": "1"}
    settings = load_settings(None, [], environment)
    assert settings.assets.root == tmp_path
    assert settings.assets.offline is True


@pytest.mark.parametrize(
    ("overrides", "environment", "suggestion"),
    [
        (["bus.hots=x"], {}, "bus.host"),
        (["agent.treads=4"], {}, "agent.threads"),
        ([], {"COCKPIT_SPEECH__VOISE": "x"}, "speech.voice"),
    ],
)
def test_settings_unknown_key_suggests_the_nearest(
    overrides: list[str], environment: dict[str, str], suggestion: str
) -> None:
    with pytest.raises(SettingsInvalid, match=f"did you mean {suggestion}"):
        load_settings(None, overrides, environment)


def test_settings_wrong_value_names_key_and_source() -> None:
    with pytest.raises(SettingsInvalid, match=r"bus\.port in the command line"):
        load_settings(None, ["bus.port=many"], {})


def test_settings_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="does not exist"):
        load_settings(tmp_path / "none.toml", [], {})


def test_settings_broken_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_settings(settings_file(tmp_path, "[bus"), [], {})


def undescribed(model: type[BaseModel]) -> list[str]:
    found = []
    for name, entry in model.model_fields.items():
        kind = entry.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += undescribed(kind)
        elif not entry.description:
            found.append(f"{model.__name__}.{name}")
    return found


def test_settings_every_key_is_described() -> None:
    assert undescribed(Settings) == []
    assert {"bus.host", "agent.confidence_to_act"} <= set(known_keys())
