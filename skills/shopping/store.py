"""The shopping list, kept in one JSON file."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from rapidfuzz import fuzz

from skills.api import Environment, SkillError
from skills.shopping.amounts import UNITS, Amount, Item, parse_item, singular

FILE = "shopping.json"
LIKE_ENOUGH = 80.0
AS_GOOD = 4.0


class ShoppingListDamaged(SkillError):
    """The file of the shopping list cannot be read."""


class _Amount(BaseModel):
    model_config = ConfigDict(extra="forbid")

    quantity: float = Field(gt=0)
    unit: str | None = None


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    amounts: list[_Amount] = []


_FILE: TypeAdapter[list[_Item]] = TypeAdapter(list[_Item])


class ShoppingList:
    """What there is to buy, in the order it was said (Resource)."""

    def __init__(self, folder: Path) -> None:
        """Read the file, if there is one.

        Raises:
            ShoppingListDamaged: it is not what we wrote.
        """
        self._path = folder / FILE
        self._items: dict[str, Item] = {}
        if self._path.exists():
            try:
                stored = _FILE.validate_json(self._path.read_bytes())
            except (ValidationError, OSError) as error:
                raise ShoppingListDamaged(
                    f"I can't read your shopping list; mend or delete {self._path}."
                ) from error
            for entry in stored:
                amounts = tuple(
                    Amount(part.quantity, part.unit)
                    for part in entry.amounts
                    if part.unit is None or part.unit in UNITS
                )
                self._items[singular(entry.name)] = Item(entry.name, amounts)

    @classmethod
    @asynccontextmanager
    async def open(cls, environment: Environment) -> AsyncIterator[Self]:
        """Open the user's list."""
        yield cls(environment.data_dir)

    def items(self) -> tuple[Item, ...]:
        """Everything on the list."""
        return tuple(self._items.values())

    def replace(self, items: Iterable[str | Item]) -> None:
        """Make the list exactly these, as people say them or as they are."""
        parsed = (parse_item(item) if isinstance(item, str) else item for item in items)
        self._items = {singular(item.name): item for item in parsed if item is not None}
        self._write()

    def get(self, name: str) -> Item | None:
        """The item of that name, be it singular or plural."""
        return self._items.get(singular(name))

    def put(self, item: Item) -> None:
        """Add an item, or put it in the place of the one of the same name."""
        self._items[singular(item.name)] = item
        self._write()

    def put_all(self, items: Iterable[Item]) -> None:
        """``put`` for several, written once."""
        self._items.update((singular(item.name), item) for item in items)
        self._write()

    def remove(self, items: Iterable[Item]) -> None:
        """Take items off the list; what is not there is no fault."""
        for item in items:
            self._items.pop(singular(item.name), None)
        self._write()

    def find(self, text: str) -> list[Item]:
        """Items that are meant by a spoken name: one, or several that fit equally well."""
        asked = parse_item(text)
        if asked is None:
            return []
        name = singular(asked.name)
        exact = self._items.get(name)
        if exact is not None:
            return [exact]
        words = set(name.split())
        within = [
            item for key, item in self._items.items() if words <= set(key.split())
        ]  # "milk" for "oat milk"
        if within:
            return within
        around = [item for key, item in self._items.items() if set(key.split()) <= words]
        if around:
            return around[:1]
        scored = [(fuzz.ratio(name, key), item) for key, item in self._items.items()]
        best = max((score for score, _ in scored), default=0.0)
        if best < LIKE_ENOUGH:
            return []
        return [item for score, item in scored if score >= best - AS_GOOD]

    def _write(self) -> None:
        content = _FILE.dump_json(
            [
                _Item(
                    name=item.name,
                    amounts=[
                        _Amount(quantity=part.quantity, unit=part.unit) for part in item.amounts
                    ],
                )
                for item in self._items.values()
            ],
            indent=2,
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        scratch = self._path.with_suffix(f".{os.getpid()}.tmp")
        scratch.write_bytes(content + b"\n")
        scratch.replace(self._path)


def merged(old: Item, new: Item) -> Item:
    """An item that is on the list already, with what was asked for in addition."""
    amounts = list(old.amounts)
    for extra in new.amounts:
        for index, known in enumerate(amounts):
            if known.base == extra.base:
                amounts[index] = known.plus(extra)
                break
        else:
            amounts.append(extra)
    return Item(old.name, tuple(amounts))
