"""How the shopping skill answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from skills.api import Result
from skills.phrasing import capital, count, join
from skills.shopping.amounts import Item
from skills.shopping.functions import (
    Ingredients,
    ItemsAdded,
    ItemsChecked,
    ItemsRemoved,
    ListCleared,
    ListCounted,
    ListRead,
    RecipeNames,
)

READ_OUT = 12  # recipes that are named; the rest is counted


def _spoken(items: Iterable[Item]) -> str:
    return join([item.spoken for item in items])


def _names(items: Iterable[Item]) -> str:
    return join([item.name for item in items])


def _is(items: tuple[Any, ...]) -> str:
    several = len(items) != 1
    if several:
        return "are"
    name = items[0].name if isinstance(items[0], Item) else str(items[0])
    return "are" if name.endswith("s") and not name.endswith(("ss", "us")) else "is"


def items_added(result: ItemsAdded) -> str:
    """What was added, what there is more of now, and what was there already."""
    said: list[str] = []
    if result.dish and (result.added or result.raised):
        people = f" for {result.servings}" if result.servings else ""
        said.append(
            f"For {result.dish}{people} I've put "
            f"{_spoken(result.added or result.raised)} on your shopping list."
        )
    elif result.added:
        said.append(f"I've added {_spoken(result.added)} to your shopping list.")
    if result.raised and (result.added or not result.dish):
        now = join([item.spoken for item in result.raised])
        said.append(f"The list now has {now}.")
    if result.already:
        verb = _is(result.already)
        said.append(capital(f"{_names(result.already)} {verb} already on the list."))
    return " ".join(said) or "There was nothing to add."


def items_removed(result: ItemsRemoved) -> str:
    """What was taken off, and what was not there."""
    said: list[str] = []
    if result.removed:
        said.append(f"I've taken {_names(result.removed)} off your shopping list.")
    if result.missing:
        be = _is(result.missing)
        said.append(capital(f"{join(result.missing)} {be} not on your shopping list."))
    return " ".join(said)


def list_read(result: ListRead) -> str:
    """Everything on it."""
    if not result.items:
        return "Your shopping list is empty."
    return f"On your shopping list: {_spoken(result.items)}."


def items_checked(result: ItemsChecked) -> str:
    """Which are on it and which are not."""
    said: list[str] = []
    if result.there:
        said.append(f"Yes, {_spoken(result.there)} {_is(result.there)} on your shopping list.")
    if result.missing:
        lead = "But" if said else "No,"
        be = _is(result.missing)
        said.append(f"{lead} {join(result.missing)} {be} not on your shopping list.")
    return " ".join(said)


def list_counted(result: ListCounted) -> str:
    """The number of items."""
    if not result.number:
        return "Your shopping list is empty."
    be = "is" if result.number == 1 else "are"
    return f"There {be} {count(result.number, 'item')} on your shopping list."


def list_cleared(result: ListCleared) -> str:
    """That it is empty."""
    if not result.number:
        return "Your shopping list was empty already."
    return "Your shopping list is empty now."


def ingredients(result: Ingredients) -> str:
    """What goes into the dish."""
    recipe = result.recipe
    items = _spoken(recipe.ingredients)
    return f"For {recipe.name} for {recipe.servings} you need {items}."


def recipe_names(result: RecipeNames) -> str:
    """Some of the dishes, and how many more."""
    step = max(1, len(result.names) // READ_OUT)
    chosen = result.names[::step][:READ_OUT]
    more = len(result.names) - len(chosen)
    rest = f", and {more} more" if more > 0 else ""
    return (
        f"I know {count(len(result.names), 'recipe')}, for example {', '.join(chosen)}{rest}. "
        "Ask me what goes into one, or to put it on the list."
    )


REPLIES: Mapping[type[Result], Callable[[Any], str]] = {
    ItemsAdded: items_added,
    ItemsRemoved: items_removed,
    ListRead: list_read,
    ItemsChecked: items_checked,
    ListCounted: list_counted,
    ListCleared: list_cleared,
    Ingredients: ingredients,
    RecipeNames: recipe_names,
}
