"""The shopping list: amounts as people say them, the store, the functions and their replies."""

from __future__ import annotations

from pathlib import Path

import pytest

from skills.api import AnswerNeeded, Context, NotFound, Result, Status
from skills.shopping import functions
from skills.shopping.amounts import Amount, Item, parse_item, split_items
from skills.shopping.recipes import Cookbook
from skills.shopping.replies import REPLIES
from skills.shopping.store import ShoppingList, ShoppingListDamaged
from tests.fakes.vehicle import make_context


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return make_context(data_dir=tmp_path)


async def shopping(ctx: Context, *items: str) -> ShoppingList:
    kept = await ctx.resources.get(ShoppingList)
    kept.replace(items)
    return kept


def said(result: Result) -> str:
    return REPLIES[type(result)](result)


def names(kept: ShoppingList) -> list[str]:
    return [item.spoken for item in kept.items()]


# --- amounts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoken", "items"),
    [
        ("milk, a dozen eggs and flour", ["milk", "12 eggs", "flour"]),
        ("2 litres of milk plus bread", ["2 litres of milk", "bread"]),
        ("mac and cheese and salt and pepper", ["mac and cheese", "salt and pepper"]),
        ("fish and chips", ["fish and chips"]),
        ("milk eggs bread and butter", ["milk", "eggs", "bread", "butter"]),
        ("chocolate milk", ["chocolate milk"]),
        ("half a kilo of tomatoes", ["half a kilo of tomatoes"]),
        ("2 and a half litres of milk", ["2 and a half litres of milk"]),
        ("two and a half kilos of flour", ["2 and a half kilos of flour"]),
        ("half a dozen lemons", ["6 lemons"]),
        ("a couple of onions", ["2 onions"]),
        ("a bottle of wine", ["1 bottle of wine"]),
        ("some more apples, please", ["apples"]),
        ("an avocado", ["avocado"]),
        ("milk 2 litres", ["2 litres of milk"]),
        ("3 tomato", ["3 tomatoes"]),
        ("coffee, put it", ["coffee"]),
        ("", []),
        (" , and ", []),
    ],
)
def test_split_and_parse(spoken: str, items: list[str]) -> None:
    parsed = [parse_item(text) for text in split_items(spoken)]
    assert [item.spoken for item in parsed if item is not None] == items


def test_split_takes_lists_as_well() -> None:
    assert split_items(["milk and eggs", "bread"]) == ["milk", "eggs", "bread"]


def test_amounts_add_up_over_units() -> None:
    assert Amount(500, "gram").plus(Amount(1, "kilo")) == Amount(1.5, "kilo")
    assert Amount(4, "decilitre").plus(Amount(1, "litre")) == Amount(1.4, "litre")
    with pytest.raises(ValueError, match="kinds"):
        Amount(1, "gram").plus(Amount(1))


# --- store -------------------------------------------------------------------------------


def test_store_survives_a_restart(tmp_path: Path) -> None:
    ShoppingList(tmp_path).replace(["2 litres of milk", "bread"])
    again = ShoppingList(tmp_path)
    assert again.items() == (Item("milk", (Amount(2, "litre"),)), Item("bread"))
    assert [path.name for path in tmp_path.iterdir()] == ["shopping.json"]


def test_store_damaged_file_says_which(tmp_path: Path) -> None:
    (tmp_path / "shopping.json").write_text('[{"nome": 1}]')
    with pytest.raises(ShoppingListDamaged, match=r"shopping\.json"):
        ShoppingList(tmp_path)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("egg", ["eggs"]),
        ("milk", ["oat milk", "coconut milk"]),
        ("oat milk", ["oat milk"]),
        ("bred", ["bread"]),
        ("potatoes", []),
    ],
)
def test_find_by_spoken_name(tmp_path: Path, asked: str, found: list[str]) -> None:
    kept = ShoppingList(tmp_path)
    kept.replace(["oat milk", "coconut milk", "eggs", "bread"])
    assert [item.name for item in kept.find(asked)] == found


# --- functions ---------------------------------------------------------------------------


async def test_add_several_says_what_is_on_the_list_now(ctx: Context) -> None:
    result = await functions.add(ctx, "milk, a dozen eggs and flour")
    assert said(result) == "I've added milk, 12 eggs and flour to your shopping list."
    assert names(await ctx.resources.get(ShoppingList)) == ["milk", "12 eggs", "flour"]


async def test_add_what_is_there_is_told_and_not_doubled(ctx: Context) -> None:
    kept = await shopping(ctx, "milk")
    result = await functions.add(ctx, ["milk"])
    assert result.status is Status.ALREADY
    assert said(result) == "Milk is already on the list."
    assert names(kept) == ["milk"]


async def test_add_more_of_something_adds_up(ctx: Context) -> None:
    kept = await shopping(ctx, "6 eggs", "500 grams of flour")
    result = await functions.add(ctx, ["6 eggs", "1 kilo of flour"])
    assert names(kept) == ["12 eggs", "1 and a half kilos of flour"]
    assert said(result) == "The list now has 12 eggs and 1 and a half kilos of flour."


async def test_add_can_be_undone(ctx: Context) -> None:
    kept = await shopping(ctx, "6 eggs")
    await functions.add(ctx, ["6 eggs", "milk"])
    await ctx.journal.reverts[-1]()  # type: ignore[attr-defined]
    assert names(kept) == ["6 eggs"]


async def test_add_nothing_asks_for_it(ctx: Context) -> None:
    with pytest.raises(NotFound, match="What shall I put"):
        await functions.add(ctx, "please")


async def test_remove_says_what_was_not_there(ctx: Context) -> None:
    kept = await shopping(ctx, "milk", "bread")
    result = await functions.remove(ctx, "milk and olives")
    assert result.status is Status.PARTIAL
    assert said(result) == (
        "I've taken milk off your shopping list. Olives are not on your shopping list."
    )
    assert names(kept) == ["bread"]


async def test_remove_asks_which_where_two_fit(ctx: Context) -> None:
    kept = await shopping(ctx, "oat milk", "coconut milk", "eggs")
    with pytest.raises(AnswerNeeded, match="oat milk or coconut milk") as asked:
        await functions.remove(ctx, "milk and eggs")
    assert len(kept.items()) == 3
    await functions.remove(ctx, **asked.value.choices[1].args)  # type: ignore[arg-type]
    assert names(kept) == ["oat milk"]


async def test_remove_can_be_undone(ctx: Context) -> None:
    kept = await shopping(ctx, "2 litres of milk")
    await functions.remove(ctx, "milk")
    await ctx.journal.reverts[-1]()  # type: ignore[attr-defined]
    assert names(kept) == ["2 litres of milk"]


async def test_read_count_and_check(ctx: Context) -> None:
    assert said(await functions.read_list(ctx)) == "Your shopping list is empty."
    await shopping(ctx, "milk", "12 eggs")
    assert said(await functions.read_list(ctx)) == "On your shopping list: milk and 12 eggs."
    assert said(await functions.count_items(ctx)) == "There are 2 items on your shopping list."
    checked = await functions.check(ctx, "eggs and bread")
    assert said(checked) == (
        "Yes, 12 eggs are on your shopping list. But bread is not on your shopping list."
    )


async def test_clear_needs_a_yes(ctx: Context, tmp_path: Path) -> None:
    kept = await shopping(ctx, "milk", "bread")
    with pytest.raises(AnswerNeeded, match="all 2 items") as asked:
        await functions.clear(ctx)
    assert len(kept.items()) == 2
    sure = make_context(data_dir=tmp_path, confirmed=[asked.value.key])
    assert said(await functions.clear(sure)) == "Your shopping list is empty now."
    assert ShoppingList(tmp_path).items() == ()
    await sure.journal.reverts[-1]()  # type: ignore[attr-defined]
    assert names(await sure.resources.get(ShoppingList)) == ["milk", "bread"]


async def test_clear_of_an_empty_list_does_not_ask(ctx: Context) -> None:
    assert (await functions.clear(ctx)).status is Status.ALREADY


async def test_add_recipe_puts_every_ingredient_on_the_list(ctx: Context) -> None:
    kept = await shopping(ctx, "eggs")
    result = await functions.add_recipe(ctx, "pancakes", servings=8)
    recipe = Cookbook.default().find("pancakes")
    assert recipe is not None
    assert {item.name for item in kept.items()} == {item.name for item in recipe.ingredients}
    assert "4 eggs" in names(kept)
    assert said(result).startswith("For pancakes for 8 I've put 500 grams of flour")
    assert "4 eggs" in said(result)


async def test_add_recipe_of_the_dish_talked_about(ctx: Context) -> None:
    with pytest.raises(NotFound, match="For which dish"):
        await functions.add_recipe(ctx)
    await functions.ingredients(ctx, "hummus")
    assert (await functions.add_recipe(ctx)).dish == "hummus"


async def test_add_recipe_unknown_dish_says_so(ctx: Context) -> None:
    with pytest.raises(NotFound, match="no recipe for moon cheese"):
        await functions.add_recipe(ctx, "moon cheese")


async def test_ingredients_and_recipes_are_told(ctx: Context) -> None:
    assert "1 kilo of potatoes" in said(await functions.ingredients(ctx, "mash"))
    assert said(await functions.recipes(ctx)).startswith("I know ")


@pytest.mark.parametrize(
    ("dish", "name"),
    [
        ("spagetti bolonaise", "spaghetti bolognese"),
        ("some pancakes tonight", "pancakes"),
        ("brownies this evening, put the ingredients", "brownies"),
        ("lasagne", "lasagna"),
        ("a thai curry", "thai green curry"),
        ("rocket fuel", None),
    ],
)
def test_find_recipe_by_spoken_name(dish: str, name: str | None) -> None:
    found = Cookbook.default().find(dish)
    assert (found.name if found else None) == name


def test_recipes_are_at_least_forty_and_whole() -> None:
    book = Cookbook.default()
    recipes = [book.find(name) for name in book.names()]
    assert len(recipes) >= 40
    for recipe in recipes:
        assert recipe is not None
        assert recipe.servings > 0
        assert len(recipe.ingredients) >= 3
        # An ingredient that begins with a number or a unit was not understood.
        assert not any(item.name[0].isdigit() for item in recipe.ingredients)
