"""What the shopping skill can do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from skills.api import AnswerNeeded, Choice, Context, NotFound, Result, Status, function
from skills.phrasing import count, join
from skills.shopping.amounts import Item, parse_item, split_items
from skills.shopping.recipes import Cookbook, LastDish, Recipe
from skills.shopping.store import ShoppingList, merged

CHOICES = 4

Items = Annotated[
    list[str] | str,
    Field(description="Items as spoken, e.g. ['milk', 'a dozen eggs']."),
]
Dish = Annotated[str, Field(description="Name of the dish.", min_length=1, max_length=200)]
Servings = Annotated[
    int | None, Field(description="For how many people; left out, as the recipe says.", ge=1, le=50)
]


@dataclass(frozen=True)
class ItemsAdded(Result):
    """What became of items to add.

    Attributes:
        added: are new on the list.
        raised: were there, and there is more of them now.
        already: were there.
        dish: set where they are a recipe's ingredients.
        servings: of the dish.
    """

    added: tuple[Item, ...]
    raised: tuple[Item, ...]
    already: tuple[Item, ...]
    dish: str | None = None
    servings: int | None = None

    @property
    def status(self) -> Status:
        """ALREADY where nothing was to be done."""
        return Status.DONE if self.added or self.raised else Status.ALREADY


@dataclass(frozen=True)
class ItemsRemoved(Result):
    """What was taken off the list, and what was not there."""

    removed: tuple[Item, ...]
    missing: tuple[str, ...]

    @property
    def status(self) -> Status:
        """PARTIAL where something was not there."""
        if not self.removed:
            return Status.ALREADY
        return Status.PARTIAL if self.missing else Status.DONE


@dataclass(frozen=True)
class ListRead(Result):
    """Everything on the list."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class ItemsChecked(Result):
    """Which of the items that were asked for are on the list."""

    there: tuple[Item, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class ListCounted(Result):
    """How many items are on the list."""

    number: int


@dataclass(frozen=True)
class ListCleared(Result):
    """How many items were taken off."""

    number: int

    @property
    def status(self) -> Status:
        """ALREADY where it was empty."""
        return Status.DONE if self.number else Status.ALREADY


@dataclass(frozen=True)
class Ingredients(Result):
    """What goes into a dish."""

    recipe: Recipe


@dataclass(frozen=True)
class RecipeNames(Result):
    """The dishes that there are recipes for."""

    names: tuple[str, ...]


@function()
async def add(ctx: Context, items: Items) -> ItemsAdded:
    """Put items on the shopping list, with quantities where they were said."""
    wanted = _parsed(items)
    if not wanted:
        raise NotFound("What shall I put on the shopping list?")
    return _added(ctx, await ctx.resources.get(ShoppingList), wanted)


@function()
async def remove(ctx: Context, items: Items) -> ItemsRemoved:
    """Take items off the shopping list, because they were bought or are not needed."""
    shopping = await ctx.resources.get(ShoppingList)
    spoken = split_items(items)
    if not spoken:
        raise NotFound("What shall I take off the shopping list?")
    removed: list[Item] = []
    missing: list[str] = []
    for text in spoken:
        found = shopping.find(text)
        if len(found) > 1:
            raise _which(found, text, [part for part in spoken if part != text])
        if found:
            removed += [item for item in found if item not in removed]
        else:
            item = parse_item(text)
            missing.append(item.name if item else text)
    _take_off(ctx, shopping, removed)
    return ItemsRemoved(tuple(removed), tuple(missing))


@function(question=True)
async def read_list(ctx: Context) -> ListRead:
    """Read out the shopping list."""
    return ListRead((await ctx.resources.get(ShoppingList)).items())


@function(question=True)
async def check(ctx: Context, items: Items) -> ItemsChecked:
    """Say whether items are on the shopping list, and how much of them."""
    shopping = await ctx.resources.get(ShoppingList)
    there: list[Item] = []
    missing: list[str] = []
    for text in split_items(items):
        found = shopping.find(text)
        there += [item for item in found if item not in there]
        if not found:
            item = parse_item(text)
            missing.append(item.name if item else text)
    return ItemsChecked(tuple(there), tuple(missing))


@function(question=True)
async def count_items(ctx: Context) -> ListCounted:
    """Say how many items are on the shopping list."""
    return ListCounted(len((await ctx.resources.get(ShoppingList)).items()))


@function()
async def clear(ctx: Context) -> ListCleared:
    """Empty the shopping list, after a yes."""
    shopping = await ctx.resources.get(ShoppingList)
    items = shopping.items()
    if items:
        ctx.require_yes(
            f"Shall I take all {count(len(items), 'item')} off the shopping list?"
            if len(items) > 1
            else f"Shall I take {items[0].spoken} off the shopping list?",
            key="shopping.clear",
        )
        _take_off(ctx, shopping, items)
    return ListCleared(len(items))


@function()
async def add_recipe(
    ctx: Context,
    dish: Annotated[
        str | None,
        Field(description="Name of the dish; left out, the one talked about last.", max_length=200),
    ] = None,
    servings: Servings = None,
) -> ItemsAdded:
    """Put the ingredients of a dish on the shopping list."""
    recipe = await _recipe(ctx, dish, servings)
    shopping = await ctx.resources.get(ShoppingList)
    return _added(ctx, shopping, recipe.ingredients, recipe)


@function(question=True)
async def ingredients(ctx: Context, dish: Dish, servings: Servings = None) -> Ingredients:
    """Say what goes into a dish."""
    return Ingredients(await _recipe(ctx, dish, servings))


@function(question=True)
async def recipes(ctx: Context) -> RecipeNames:
    """Say which dishes there are recipes for."""
    return RecipeNames((await ctx.resources.get(Cookbook)).names())


def _parsed(items: list[str] | str) -> list[Item]:
    parsed = (parse_item(text) for text in split_items(items))
    return [item for item in parsed if item is not None]


def _added(
    ctx: Context, shopping: ShoppingList, wanted: Iterable[Item], recipe: Recipe | None = None
) -> ItemsAdded:
    added: dict[str, Item] = {}
    raised: dict[str, Item] = {}
    already: list[Item] = []
    before: list[tuple[Item, Item | None]] = []
    for item in wanted:
        known = shopping.get(item.name)
        if known is None:
            added[item.name] = item
            changed = item
        elif item.amounts:
            changed = merged(known, item)
            (added if known.name in added else raised)[known.name] = changed
        else:
            already.append(known)
            continue
        shopping.put(changed)
        before.append((changed, known))
    if before:

        async def revert() -> None:
            for changed, known in reversed(before):
                shopping.remove([changed])
                if known is not None:
                    shopping.put(known)

        ctx.journal.record(revert)
    return ItemsAdded(
        tuple(added.values()),
        tuple(raised.values()),
        tuple(already),
        recipe.name if recipe else None,
        recipe.servings if recipe else None,
    )


def _take_off(ctx: Context, shopping: ShoppingList, items: Iterable[Item]) -> None:
    gone = tuple(items)
    if not gone:
        return
    shopping.remove(gone)

    async def revert() -> None:
        shopping.put_all(gone)

    ctx.journal.record(revert)


def _which(found: list[Item], text: str, others: list[str]) -> AnswerNeeded:
    names = [item.name for item in found[:CHOICES]]
    return AnswerNeeded(
        f"Which {text} do you mean: {join(names, 'or')}?",
        key="shopping.which",
        choices=tuple(Choice(name, {"items": [*others, name]}) for name in names),
    )


async def _recipe(ctx: Context, dish: str | None, servings: int | None) -> Recipe:
    book = await ctx.resources.get(Cookbook)
    last = await ctx.resources.get(LastDish)
    found = last.recipe if dish is None else book.find(dish)
    if found is None:
        if dish is None:
            raise NotFound(
                "For which dish? Say, for example, “put the ingredients for pancakes on my list”."
            )
        like = book.like(dish)
        hint = f" I know {join(like, 'and')}." if like else " Ask me which recipes I know."
        raise NotFound(f"I have no recipe for {dish}.{hint}")
    last.recipe = found.scaled(servings) if servings else found
    return last.recipe
