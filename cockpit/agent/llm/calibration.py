"""What a model's confidence is worth: chances, and when to act, to ask and to have it checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cockpit.settings import AgentSettings


class Calibration(BaseModel):
    """One model's entry in ``calibration.yaml``; what is not there is the settings'.

    Attributes:
        points: raw confidence and the chance that such a plan is right, both rising; between
            them it is a straight line. Without any, raw confidence counts.
        act: chance from which a plan is run unasked.
        ask: chance from which it is worth a question.
        cascade: chance below which the second model decides, where there is one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: tuple[tuple[float, float], ...] = ()
    act: float | None = Field(None, ge=0, le=1)
    ask: float | None = Field(None, ge=0, le=1)
    cascade: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _rises(self) -> Self:
        flat = [value for point in self.points for value in point]
        if any(not 0 <= value <= 1 for value in flat):
            raise ValueError("points lie between 0 and 1")
        if any(a[0] > b[0] or a[1] > b[1] for a, b in pairwise(self.points)):
            raise ValueError("points rise")
        return self

    def probability(self, raw: float) -> float:
        """The chance that a plan of this raw confidence is right."""
        if not self.points:
            return raw
        confidences, chances = zip((0.0, 0.0), *self.points, strict=True)
        return float(np.interp(raw, confidences, chances))


class Thresholds(BaseModel):
    """Chances from which something is done with a plan; of a model under these settings."""

    model_config = ConfigDict(frozen=True)

    act: float
    ask: float
    cascade: float

    @classmethod
    def of(cls, settings: AgentSettings, calibration: Calibration) -> Thresholds:
        """What was set by hand counts first, then the model's calibration, then the defaults."""

        def chosen(setting: str, calibrated: float | None) -> float:
            if setting in settings.model_fields_set or calibrated is None:
                return float(getattr(settings, setting))
            return calibrated

        return cls(
            act=chosen("confidence_to_act", calibration.act),
            ask=chosen("confidence_to_ask", calibration.ask),
            cascade=chosen("confidence_to_decide", calibration.cascade),
        )


def calibration_of(model: str) -> Calibration:
    """The calibration of a model.

    Args:
        model: its name in the catalogue, or its file, of which the name counts.
    """
    name = Path(model).stem if model.lower().endswith(".gguf") else model
    return _entries().get(name, Calibration())


@cache
def _entries() -> Mapping[str, Calibration]:
    text = (files("cockpit.agent.llm") / "calibration.yaml").read_text(encoding="utf-8")
    return read_calibrations(yaml.safe_load(text))


def read_calibrations(table: Any) -> Mapping[str, Calibration]:
    """Calibrations by model.

    Raises:
        ValueError: an entry has faults.
    """
    return {str(name): Calibration.model_validate(entry) for name, entry in (table or {}).items()}
