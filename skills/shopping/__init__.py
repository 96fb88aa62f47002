"""Shopping: a list with quantities, and recipes whose ingredients go on it."""

from pathlib import Path

from skills.api import define_skill
from skills.shopping import functions
from skills.shopping.replies import REPLIES

SKILL = define_skill(
    "shopping",
    "the shopping list and recipes",
    [
        functions.add,
        functions.remove,
        functions.read_list,
        functions.check,
        functions.count_items,
        functions.clear,
        functions.add_recipe,
        functions.ingredients,
        functions.recipes,
    ],
    REPLIES,
    Path(__file__).with_name("sentences.yaml"),
)
