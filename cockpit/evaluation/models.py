"""The language models that can be evaluated: names of the catalogue, or GGUF files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cockpit.agent.fastpath.planner import TemplatePlanner
from cockpit.agent.plan import Planner
from cockpit.assets.store import AssetStore
from cockpit.session import find_models, model_file
from cockpit.settings import Settings, load_settings
from skills.api import SkillSet
from vehicle_bus.errors import CockpitError

TEMPLATE = "template"
"""Stands for the planner that needs no model."""


class NoLanguageModel(CockpitError):
    """What was named is no language model; the sentence says what could be named."""

    exit_code = 2


def with_model(settings: Settings, name: str) -> Settings:
    """The settings with another language model, which is there.

    Args:
        name: of the catalogue, or a GGUF file.

    Raises:
        NoLanguageModel: it is neither.
        AssetMissing: it was not fetched yet.
    """
    store = AssetStore.from_settings(settings.assets)
    if name.lower().endswith(".gguf"):
        if not Path(name).expanduser().is_file():
            raise NoLanguageModel(f"There is no model file {name}.")
    elif name not in _language_models(store):
        known = ", ".join(_language_models(store))
        raise NoLanguageModel(
            f"There is no language model {name}; name one of {known}, or a GGUF file."
        )
    agent = settings.agent.model_copy(update={"model": name})
    chosen = settings.model_copy(update={"agent": agent})
    model_file(chosen)
    return chosen


def known_models(settings: Settings) -> tuple[str, ...]:
    """Names of all language models of the catalogue, the one of the settings first."""
    names = _language_models(AssetStore.from_settings(settings.assets))
    return tuple(dict.fromkeys((settings.agent.model, *names)))


def _language_models(store: AssetStore) -> tuple[str, ...]:
    return tuple(name for name, asset in store.catalog.items() if asset.kind == "llm")


@asynccontextmanager
async def open_planner(name: str, settings: Settings | None = None) -> AsyncIterator[Planner]:
    """A planner on its own, loaded, in this process: nothing can be executed with it.

    Args:
        name: ``template``, a language model of the catalogue, or a GGUF file.
        settings: everything else; of the usual sources by default.

    Raises:
        NoLanguageModel, AssetMissing: there is no such model.
        ModelError: it cannot be loaded.
    """
    skills = SkillSet.installed()
    if name == TEMPLATE:
        yield TemplatePlanner(skills)
        return
    chosen = with_model(settings or load_settings(), name)
    from cockpit.agent.llm.cascade import planner_of  # the engine; no other command needs it

    planner = planner_of(find_models(chosen).models, skills, chosen.agent)
    try:
        await planner.start()
        yield planner
    finally:
        await planner.close()
