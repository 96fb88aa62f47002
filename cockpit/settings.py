"""All settings, in one typed object.

Sources in rising precedence: defaults, a TOML file, environment variables, the command line.
The file is ``--config FILE``, else ``$COCKPIT_CONFIG``, else ``cockpit.toml`` in the current
folder, else ``config.toml`` in the user's configuration folder. Environment variables are
``COCKPIT_<SECTION>__<KEY>`` (``COCKPIT_BUS__HOST=10.0.0.5``), with the short forms
``COCKPIT_MODELS`` for ``assets.root`` and ``COCKPIT_OFFLINE`` for ``assets.offline``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path, user_config_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rapidfuzz import process

from vehicle_bus.config import BusSettings
from vehicle_bus.errors import CockpitError
from vehicle_bus.seats import Seat

APP = "offline-cockpit"
_SHORT_FORMS = {"COCKPIT_MODELS": ("assets", "root"), "COCKPIT_OFFLINE": ("assets", "offline")}
_NOT_SETTINGS = {"COCKPIT_CONFIG"}


class SettingsInvalid(CockpitError):
    """A setting is unknown or has a wrong value; the sentence names it and where it came from."""

    exit_code = 2


class Section(BaseModel):
    """Base of the nested sections: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannerChoice(StrEnum):
    """Which planners may plan."""

    AUTO = "auto"  # templates first, then the language model
    TEMPLATE = "template"
    LM = "lm"


class RecognizerChoice(StrEnum):
    """Which recogniser makes the final text."""

    AUTO = "auto"  # Whisper where its model is there, else Vosk
    WHISPER = "whisper"
    VOSK = "vosk"


class Activation(StrEnum):
    """What makes the car listen."""

    WAKE_WORD = "wake-word"
    PUSH_TO_TALK = "push-to-talk"
    ALWAYS = "always"  # any speech; only confident requests are acted on


class WakeWord(StrEnum):
    """The wake words whose models are in the wheel of pymicro-wakeword."""

    OKAY_NABU = "okay_nabu"
    HEY_JARVIS = "hey_jarvis"
    HEY_MYCROFT = "hey_mycroft"
    ALEXA = "alexa"


class AssetSettings(Section):
    """Models and other large files."""

    root: Path = Field(
        default_factory=lambda: user_cache_path(APP) / "models",
        description="Folder of the asset store (also COCKPIT_MODELS).",
    )
    offline: bool = Field(False, description="Never try to download anything.")


class AgentSettings(Section):
    """Understanding and acting."""

    planner: PlannerChoice = Field(PlannerChoice.AUTO, description="auto, template or lm.")
    model: str = Field(
        "cockpit-135m", description="Language model: a name of the catalogue or a GGUF file."
    )
    second_model: str = Field(
        "", description="A better model that decides where the first is unsure; empty for none."
    )
    threads: int = Field(2, ge=1, le=64, description="Threads of the language model.")
    context_tokens: int = Field(5120, ge=512, le=131072, description="Context of the model.")
    max_plan_tokens: int = Field(200, ge=16, le=1024, description="Longest plan, in tokens.")
    confidence_to_act: float = Field(
        0.6, ge=0, le=1, description="Plans of the language model below this are not run."
    )
    confidence_to_ask: float = Field(
        0.3, ge=0, le=1, description="Plans below this are not even asked about."
    )
    confidence_to_decide: float = Field(
        0.9, ge=0, le=1, description="Plans below this are left to the second model."
    )
    prompt_lookup: bool = Field(
        False, description="Let the language model guess ahead from the words of the request."
    )
    answer_timeout: float = Field(20.0, gt=0, description="Seconds a question stays open.")


class SpeechSettings(Section):
    """Recognition and synthesis."""

    recognizer: RecognizerChoice = Field(RecognizerChoice.AUTO, description="auto, whisper, vosk.")
    whisper_model: str = Field("whisper-base", description="Asset with the Whisper model.")
    second_whisper_model: str = Field(
        "whisper-tiny.en",
        description="Asset with the Whisper model that is asked where the first is unsure, and "
        "that takes its place where it is missing; empty for none.",
    )
    whisper_beam: int = Field(5, ge=1, le=10, description="Hypotheses that are followed.")
    whisper_window: float = Field(
        8.0, ge=2, le=30, description="Shortest window that is encoded, in seconds."
    )
    whisper_variable_length: bool = Field(
        True, description="Encode only the audio there is, not a padded 30 s window."
    )
    vosk_model: str = Field("vosk-en-small", description="Asset with the Vosk model.")
    hints: bool = Field(
        True, description="Put names right that the map, the recipes and the lists hold."
    )
    captions: bool = Field(
        True, description="Live captions by Vosk beside Whisper, where its model is there."
    )
    voice: str = Field("piper-en-us-joe", description="Asset with the Piper voice.")
    threads: int = Field(2, ge=1, le=64, description="Threads of the recogniser.")


class AudioSettings(Section):
    """Microphone and loudspeaker."""

    input: str = Field(
        "",
        description="Microphone: part of a device's name, a WAV file, or - for PCM on standard "
        "input; empty for the system's default.",
    )
    output: str = Field(
        "",
        description="Loudspeaker: part of a device's name, a WAV file to write, or none; empty "
        "for the system's default.",
    )
    zones: tuple[Seat, ...] = Field(
        (Seat.DRIVER,),
        min_length=1,
        description="The seat that each channel of the microphone hears, in order.",
    )
    noise_suppression: int = Field(
        0, ge=0, le=4, description="WebRTC noise suppression, 0 (off) to 4."
    )
    echo_cancellation: bool = Field(
        True, description="Take the car's own voice out of what the microphone hears."
    )


class ListenSettings(Section):
    """When to listen, and when somebody has finished; durations in seconds."""

    activation: Activation = Field(
        Activation.WAKE_WORD, description="wake-word, push-to-talk or always."
    )
    wake_words: tuple[WakeWord, ...] = Field(
        (WakeWord.OKAY_NABU, WakeWord.HEY_JARVIS), min_length=1, description="Any of these."
    )
    wake_check: bool = Field(
        True,
        description="Ask the recogniser where it is doubtful whether a wake word was said, "
        "as in noise.",
    )
    follow_up: float = Field(
        8.0, ge=0, le=60, description="After an answer, listen this long without a wake word."
    )
    begin_within: float = Field(
        6.0, gt=0, le=60, description="After a wake word, somebody has to speak within this."
    )
    pause: float = Field(
        0.2, gt=0, le=2, description="Silence after which recognition starts ahead."
    )
    think_ahead: bool = Field(
        True, description="Recognise and plan at the first pause, not only at the end."
    )
    end_complete: float = Field(
        0.45, gt=0, le=5, description="Silence that ends a complete command."
    )
    end: float = Field(0.8, gt=0, le=5, description="Silence that ends anything else.")
    end_dangling: float = Field(
        1.6, gt=0, le=10, description='Silence that ends "… and" or a dangling preposition.'
    )
    longest: float = Field(20.0, gt=1, le=28, description="An utterance is cut at this length.")
    confidence: float = Field(
        0.6,
        ge=0,
        le=1,
        description="Without a wake word, requests that were heard with less are not acted on.",
    )
    certainty: float = Field(
        0.85,
        ge=0,
        le=1,
        description="Without a wake word, requests that were understood with less are not acted "
        "on; few of those who talk then talk to the car.",
    )
    barge_in: bool = Field(True, description="Fall silent when somebody speaks.")
    ducking: float = Field(
        0.3, ge=0, le=1, description="Media volume while speaking or listening, of what it was."
    )


class SimSettings(Section):
    """The simulated vehicle."""

    time_scale: float = Field(1.0, gt=0, le=1000, description="How much faster than real time.")
    faults: tuple[str, ...] = Field((), description="Faults from the start; see `sim run --help`.")


class MapSettings(Section):
    """The map."""

    root: Path = Field(
        default_factory=lambda: user_data_path(APP) / "maps",
        description="Folder of imported maps.",
    )
    name: str = Field("helsinki", pattern=r"^[a-z0-9_-]+$", description="Which map is used.")


class Settings(Section):
    """Everything that can be set, by file, environment or command line."""

    data_dir: Path = Field(
        default_factory=lambda: user_data_path(APP),
        description="Folder of what the agent remembers: lists, places.",
    )
    bus: BusSettings = Field(default_factory=lambda: BusSettings())
    assets: AssetSettings = Field(default_factory=AssetSettings)
    agent: AgentSettings = Field(default_factory=AgentSettings)
    speech: SpeechSettings = Field(default_factory=SpeechSettings)
    audio: AudioSettings = Field(default_factory=AudioSettings)
    listen: ListenSettings = Field(default_factory=ListenSettings)
    sim: SimSettings = Field(default_factory=SimSettings)
    maps: MapSettings = Field(default_factory=MapSettings)


def load_settings(
    file: Path | None = None,
    overrides: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from all sources.

    Args:
        file: TOML file; None looks in the usual places.
        overrides: ``section.key=value`` from the command line; values are TOML or bare text.
        environment: instead of ``os.environ``.

    Raises:
        SettingsInvalid: a key is unknown, a value is wrong, or the file cannot be read.
    """
    variables = os.environ if environment is None else environment
    merged: dict[str, Any] = {}
    layers = (
        _from_file(file, variables),
        (_from_environment(variables), "the environment"),
        (_from_overrides(overrides), "the command line"),
    )
    for values, source in layers:
        for path in _keys(values):
            _check_key(path, source)
        _merge(merged, values)
        try:
            Settings.model_validate(merged)
        except ValidationError as error:
            raise SettingsInvalid(_sentence(error, source)) from error
    return Settings.model_validate(merged)


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Every key in dotted form, e.g. ``bus.host``."""
    for name, entry in model.model_fields.items():
        kind = entry.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known_keys(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def _from_file(file: Path | None, variables: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    named = file or (Path(variables["COCKPIT_CONFIG"]) if "COCKPIT_CONFIG" in variables else None)
    usual = (Path("cockpit.toml"), user_config_path(APP) / "config.toml")
    chosen = named or next((path for path in usual if path.is_file()), None)
    if chosen is None:
        return {}, "defaults"
    try:
        return tomllib.loads(chosen.read_text(encoding="utf-8")), str(chosen)
    except FileNotFoundError as error:
        raise SettingsInvalid(f"The settings file {chosen} does not exist.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"The settings file {chosen} cannot be read: {error}.") from error


def _from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in variables.items():
        if not name.startswith("COCKPIT_") or name in _NOT_SETTINGS:
            continue
        path = _SHORT_FORMS.get(name) or tuple(name[len("COCKPIT_") :].lower().split("__"))
        _put(values, path, _parse(text))
    return values


def _from_overrides(overrides: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise SettingsInvalid(f"--set needs KEY=VALUE, not {override!r}.")
        _put(values, tuple(key.strip().split(".")), _parse(text.strip()))
    return values


def _parse(text: str) -> Any:
    """A TOML value, or the text itself where it is none."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        values = values.setdefault(name, {})
    values[path[-1]] = value


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, Mapping) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = dict(value) if isinstance(value, Mapping) else value


def _keys(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _keys(value, f"{prefix}{name}.")
        else:
            yield prefix + name


def _check_key(key: str, source: str) -> None:
    known = list(known_keys())
    if key in known:
        return
    nearest = process.extractOne(key, known)
    assert nearest is not None
    raise SettingsInvalid(f"Unknown setting {key} in {source}; did you mean {nearest[0]}?")


def _sentence(error: ValidationError, source: str) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    return f"The setting {key} in {source} is not valid: {first['msg']}."
