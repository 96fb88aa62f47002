"""All settings, in one typed object."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field

from vehicle_bus.config import BusSettings

APP = "offline-cockpit"


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
        "smollm2-135m", description="Language model: a name of the catalogue or a GGUF file."
    )
    threads: int = Field(2, ge=1, le=64, description="Threads of the language model.")
    context_tokens: int = Field(4096, ge=512, le=131072, description="Context of the model.")
    max_plan_tokens: int = Field(160, ge=16, le=1024, description="Longest plan, in tokens.")
    confidence_to_act: float = Field(
        0.6, ge=0, le=1, description="Plans of the language model below this are not run."
    )
    answer_timeout: float = Field(20.0, gt=0, description="Seconds a question stays open.")


class SpeechSettings(Section):
    """Recognition and synthesis."""

    recognizer: RecognizerChoice = Field(RecognizerChoice.AUTO, description="auto, whisper, vosk.")
    whisper_model: str = Field("whisper-tiny.en", description="Asset with the Whisper model.")
    whisper_variable_length: bool = Field(
        True, description="Encode only the audio there is, not a padded 30 s window."
    )
    vosk_model: str = Field("vosk-en-small", description="Asset with the Vosk model.")
    voice: str = Field("piper-en-us-joe", description="Asset with the Piper voice.")
    threads: int = Field(2, ge=1, le=64, description="Threads of the recogniser.")


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
    sim: SimSettings = Field(default_factory=SimSettings)
    maps: MapSettings = Field(default_factory=MapSettings)
