"""Sentences of the navigation, shopping and assistant skills, as hassil understands them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hassil import Intents, recognize_all

import skills
from skills import assistant, navigation, shopping
from skills.api import Skill

SKILLS: dict[str, Skill] = {
    skill.name: skill for skill in (assistant.SKILL, navigation.SKILL, shopping.SKILL)
}


@cache
def intents(name: str) -> Intents:
    source = yaml.safe_load(SKILLS[name].sentences.read_text(encoding="utf-8"))
    common = Path(skills.__file__).with_name("common.yaml").read_text(encoding="utf-8")
    shared = yaml.safe_load(common)
    for part in ("lists", "expansion_rules"):
        source[part] = {**shared.get(part, {}), **source.get(part, {})}
    return Intents.from_dict(source)


def understood(skill: str, text: str) -> list[tuple[str, dict[str, Any]]]:
    """Every reading of a sentence that is already normalised."""
    found = []
    for result in recognize_all(text, intents(skill)):
        if (result.intent_data.metadata or {}).get("elliptic"):
            continue  # only counts behind another sentence of the same skill
        arguments: dict[str, Any] = dict(result.intent_data.slots)
        for entity in result.entities.values():
            value = entity.value
            arguments[entity.name] = value.strip() if isinstance(value, str) else value
        found.append((result.intent.name, arguments))
    return found


@pytest.mark.parametrize(
    ("text", "function", "arguments"),
    [
        ("take me to the nearest pharmacy", "go_to", {"place": "pharmacy", "nearest": True}),
        ("navigate to kiasma", "go_to", {"place": "kiasma"}),
        ("i have to get to the harbor", "go_to", {"place": "the harbor"}),
        ("what is the quickest way to hakaniemi", "go_to", {"place": "hakaniemi"}),
        ("let us head back home", "go_to", {"place": "home"}),
        ("drive me to the office", "go_to", {"place": "work"}),
        ("set the destination to senate square", "go_to", {"place": "senate square"}),
        ("bring us to a hotel near the opera", "go_to", {"place": "hotel", "near": "the opera"}),
        ("are there any bakeries around here", "search", {"query": "bakeries"}),
        ("where can we get some sushi", "search", {"query": "sushi"}),
        ("i am looking for an italian restaurant", "search", {"query": "italian restaurant"}),
        ("we are starving", "search", {"query": "restaurant"}),
        ("the battery is getting low", "search", {"query": "charging station"}),
        ("parking next to the museum", "search", {"query": "parking", "near": "the museum"}),
        ("i have to go to the bathroom", "search", {"query": "toilet"}),
        ("stop at a bakery on the way", "add_stop", {"place": "bakery"}),
        ("swing by the library first", "add_stop", {"place": "library"}),
        ("plan a charging stop", "add_stop", {"place": "charging station"}),
        ("skip the next stop", "remove_stop", {}),
        ("remove all stops", "remove_stop", {"every": True}),
        ("stop navigating", "cancel", {}),
        ("i do not need directions anymore", "cancel", {}),
        ("save this place as home", "save_place", {"name": "home"}),
        ("i live at annankatu 9", "save_place", {"name": "home", "place": "annankatu 9"}),
        ("forget my work address", "forget_place", {"name": "work"}),
        ("which places have you saved", "saved_places", {}),
        ("are we there yet", "eta", {}),
        ("when do we get there", "eta", {}),
        ("how much further is it", "distance_left", {}),
        ("how many kilometers to go", "distance_left", {}),
        ("how long does it take to get to espoo", "travel_to", {"place": "espoo"}),
        ("which way now", "next_instruction", {}),
        ("do i turn left or right", "next_instruction", {}),
        ("what is our destination", "route_overview", {}),
        ("what street is this", "where_am_i", {}),
        ("what are my gps coordinates", "where_am_i", {"coordinates": True}),
    ],
)
def test_navigation_sentence(text: str, function: str, arguments: dict[str, Any]) -> None:
    assert (f"navigation.{function}", arguments) in understood("navigation", text)


@pytest.mark.parametrize(
    ("text", "function", "arguments"),
    [
        ("add rice to my shopping list", "add", {"items": "rice"}),
        ("jot down 2 lemons and salt on the grocery list", "add", {"items": "2 lemons and salt"}),
        ("to my shopping list add tea", "add", {"items": "tea"}),
        ("we are almost out of butter", "add", {"items": "butter"}),
        ("do not let me forget to buy candles", "add", {"items": "candles"}),
        ("i need jam on my list", "add", {"items": "jam"}),
        ("cross the rice off my list", "remove", {"items": "the rice"}),
        ("we already bought the rice", "remove", {"items": "rice"}),
        ("read me my shopping list", "read_list", {}),
        ("what do we still have to buy", "read_list", {}),
        ("did i put rice on the list", "check", {"items": "rice"}),
        ("how many items are on my list", "count_items", {}),
        ("empty my grocery list", "clear", {}),
        ("take everything off my shopping list", "clear", {}),
        ("put the ingredients for risotto on the shopping list", "add_recipe", {"dish": "risotto"}),
        (
            "add the ingredients for tacos for 6 people to my list",
            "add_recipe",
            {"dish": "tacos", "servings": 6},
        ),
        ("make a shopping list for pad thai", "add_recipe", {"dish": "pad thai"}),
        ("what goes into a moussaka", "ingredients", {"dish": "a moussaka"}),
        ("how do i make falafel", "ingredients", {"dish": "falafel"}),
        ("which dishes do you know", "recipes", {}),
    ],
)
def test_shopping_sentence(text: str, function: str, arguments: dict[str, Any]) -> None:
    assert (f"shopping.{function}", arguments) in understood("shopping", text)


@pytest.mark.parametrize(
    ("text", "function", "arguments"),
    [
        ("be quiet", "stop", {}),
        ("stop talking", "stop", {}),
        ("never mind", "cancel", {}),
        ("i changed my mind", "cancel", {}),
        ("put it back the way it was", "undo", {}),
        ("revert the last change", "undo", {}),
        ("i did not catch that", "repeat", {}),
        ("come again", "repeat", {}),
        ("what can you do for me", "help", {}),
        ("how late is it", "time", {}),
        ("what day of the week is it", "date", {}),
        ("what date is it in 5 days", "date", {"days": 5}),
    ],
)
def test_assistant_sentence(text: str, function: str, arguments: dict[str, Any]) -> None:
    assert (f"assistant.{function}", arguments) in understood("assistant", text)


@pytest.mark.parametrize(
    ("skill", "text"),
    [
        ("navigation", "turn on the fog lights"),
        ("navigation", "open my window halfway"),
        ("navigation", "make it 2 degrees warmer"),
        ("navigation", "play some music"),
        ("shopping", "turn on the seat heating"),
        ("shopping", "i do not need the heating anymore"),
        ("shopping", "close the trunk"),
        ("shopping", "remove the stop"),
        ("assistant", "stop the wipers"),
        ("assistant", "cancel the route"),
        ("assistant", "what is the temperature"),
    ],
)
def test_sentence_of_another_skill_is_left_alone(skill: str, text: str) -> None:
    assert understood(skill, text) == []


@pytest.mark.parametrize("name", sorted(SKILLS))
def test_every_block_fits_its_function(name: str) -> None:
    """Intents, slots and constants are the functions' own, and every function has sentences."""
    source = yaml.safe_load(SKILLS[name].sentences.read_text(encoding="utf-8"))
    functions = SKILLS[name].functions
    assert set(source["intents"]) == set(functions)
    for intent, body in source["intents"].items():
        known = functions[intent].arguments.model_fields
        for block in body["data"]:
            assert set(block.get("slots", {})) <= set(known)
            for sentence in block["sentences"]:
                slots = {part.split("}")[0].split(":")[-1] for part in sentence.split("{")[1:]}
                assert slots <= set(known), sentence
