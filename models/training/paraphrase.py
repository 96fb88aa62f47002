"""Other wordings of training rows, by a larger local model, kept where a round trip agrees.

Stand-alone like the trainer (torch, gguf, tokenizers)::

    python -m models.training.paraphrase BIG.gguf out/training --judge BASE.gguf out/smollm2 \
        --minutes 20

Draws rows with one call from ``train.jsonl``, asks the big chat model for other ways to say each,
and keeps a wording only if the judge, a planner that was trained before (``checkpoint.pt`` of
``train.py``), reads the same plan from it, and if all quoted texts of the plan are still in it.
Writes ``paraphrases.jsonl``, rows like those of the generator, which the trainer takes with
``--more``. Only training rows are paraphrased, so that held-out ones stay unseen.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from models.training.transformer import Model, Vocabulary, load

_ASK = (
    "Rewrite what a car driver says in four different ways that real people might use. Keep the "
    "meaning, all names and all numbers exactly. One per line, no numbering, no explanations.\n\n"
    "Driver: {said}"
)
_CHAT = (
    "<|im_start|>system\nYou rewrite sentences.<|im_end|>\n<|im_start|>user\n{ask}<|im_end|>\n"
    "<|im_start|>assistant\n"
)
_CONTROL = re.compile(r"(<\|im_start\|>|<\|im_end\|>)")
_QUOTED = re.compile(r'"([^"]*)"')


def main() -> None:
    """The command line."""
    options = _options()
    torch.manual_seed(options.seed)
    rows = [json.loads(line) for line in (options.data / "train.jsonl").open(encoding="utf-8")]
    rows = [row for row in rows if row["kind"] == "one" and "\n" not in row["prompt"]]
    random.Random(options.seed).shuffle(rows)
    writer, words = _load(options.big)
    judge, judged = _load(options.judge[0])
    _take(judge, options.judge[1] / "checkpoint.pt", options.alpha)
    known = {row["prompt"] for row in rows}
    end = time.monotonic() + options.minutes * 60
    asked = made = kept = 0
    with (options.data / "paraphrases.jsonl").open("w", encoding="utf-8") as out:
        for some, prompts in _batches(rows, words, options.batch):
            if time.monotonic() > end:
                break
            written = _rewritten(writer, words, prompts)
            pairs = [
                (row, wording)
                for row, wordings in zip(some, written, strict=True)
                for wording in wordings
                if wording not in known and _keeps(row["plan"], wording)
            ]
            known.update(wording for _, wording in pairs)
            plans = _planned(judge, judged, [wording for _, wording in pairs])
            agreed = [
                pair for pair, plan in zip(pairs, plans, strict=True) if plan == pair[0]["plan"]
            ]
            for row, wording in agreed:
                new = {**row, "prompt": wording, "origin": "paraphrase"}
                out.write(json.dumps(new, ensure_ascii=False) + "\n")
            out.flush()
            asked, made, kept = asked + len(some), made + len(pairs), kept + len(agreed)
            print(f"{asked} rows, {made} new wordings, {kept} kept", file=sys.stderr, flush=True)


def _rewritten(model: Model, vocabulary: Vocabulary, prompts: list[list[int]]) -> list[list[str]]:
    answers = model.generate(prompts, 90, temperature=0.8)
    return [
        [
            plain
            for line in vocabulary.decode(answer).splitlines()
            if (plain := _plain(line)) and 1 < len(plain.split()) < 24
        ]
        for answer in answers
    ]


def _plain(line: str) -> str:
    """A wording in the spelling of the rows: lower case, no marks."""
    line = re.sub(r"^\s*(?:\d+[.)]|[-*]|driver:)\s*", "", line.lower())
    return " ".join(re.sub(r"[^\w\s'.]|\.(?!\d)", " ", line).split())


def _batches(
    rows: list[dict[str, str]], vocabulary: Vocabulary, size: int
) -> Iterator[tuple[list[dict[str, str]], list[list[int]]]]:
    """Rows whose prompts are of one length, which a big model answers together."""
    waiting: dict[int, list[tuple[dict[str, str], list[int]]]] = {}
    for row in rows:
        prompt = _tokens(vocabulary, _CHAT.format(ask=_ASK.format(said=row["prompt"])))
        group = waiting.setdefault(len(prompt), [])
        group.append((row, prompt))
        if len(group) == size:
            yield [row for row, _ in group], [prompt for _, prompt in group]
            group.clear()


def _keeps(plan: str, wording: str) -> bool:
    """All texts of the plan are in the wording; its numbers are the judge's business."""
    return all(text.lower() in wording for text in _QUOTED.findall(plan))


def _planned(model: Model, vocabulary: Vocabulary, wordings: list[str]) -> list[str]:
    answers = model.generate([vocabulary.prompt(wording) for wording in wordings], 64)
    return [vocabulary.decode(answer) for answer in answers]


def _tokens(vocabulary: Vocabulary, text: str) -> list[int]:
    """Tokens of a chat prompt of ours, with its control tokens."""
    return [
        token
        for part in _CONTROL.split(text)
        for token in ([vocabulary.ids[part]] if part in vocabulary.ids else vocabulary.encode(part))
    ]


def _load(path: Path) -> tuple[Model, Vocabulary]:
    """On a GPU in bfloat16; a CPU without instructions for it is ten times quicker in float32."""
    if not torch.cuda.is_available():
        return load(path, "cpu")
    model, vocabulary = load(path, "cuda")
    model.compute = torch.bfloat16
    for parameter in model.parameters():
        parameter.data = parameter.data.to(torch.bfloat16)
    return model, vocabulary


def _take(model: Model, checkpoint: Path, alpha: float) -> None:
    """Put the adapters of a checkpoint into the model."""
    trained = torch.load(checkpoint, weights_only=True)["trained"]
    model.adapt(trained[0].shape[0], alpha, seed=0)
    places = [part for _, linear in model.linears() for part in (linear.a, linear.b)]
    for place, value in zip(places, trained, strict=True):
        assert place is not None
        place.data.copy_(value)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("big", type=Path, help="the chat model that rewrites, a GGUF file")
    parser.add_argument("data", type=Path, help="folder with train.jsonl")
    parser.add_argument(
        "--judge", type=Path, nargs=2, required=True, help="a base model and its training folder"
    )
    parser.add_argument("--alpha", type=float, default=64.0, help="of the judge's training")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
