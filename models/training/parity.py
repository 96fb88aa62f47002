"""Whether llama.cpp says what PyTorch trained: same tokens, same first choice, same plans.

``python -m models.training.parity out/smollm2/parity.json MODEL.gguf [--adapter ADAPTER.gguf]``
reads what ``train`` wrote beside the adapter and asks llama.cpp the same, with a merged model or
with the adapter beside the base. A wrong order of the rows of q and k, say, half works and shows
here only. Weights are quantized there and activations in 8 bits, so that a rare near tie may fall
differently; ends with 1 where tokens differ or fewer than nine plans of ten are the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path

import numpy as np

from cockpit.agent.llm.engine import Engine

_SAME_PLANS = 0.9


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parity", type=Path, help="parity.json of a training run")
    parser.add_argument("model", type=Path, help="a GGUF file")
    parser.add_argument("--adapter", type=Path, help="used beside the model")
    options = parser.parse_args()
    entries = json.loads(options.parity.read_text("utf-8"))
    engine = Engine(options.model, threads=2, context_tokens=1024, adapter=options.adapter)
    tokens = first = plans = 0
    gaps: list[float] = []
    for entry in entries:
        said = engine.tokenize(entry["prompt"], special=False)
        prompt = [
            *engine.tokenize("<|im_start|>", special=True),
            *said,
            *engine.tokenize("<|im_end|>", special=True),
        ]
        tokens += prompt == entry["tokens"]
        written, best, chance = _greedy(engine, prompt)
        first += best == entry["first"]
        gaps.append(abs(chance - entry["first_logprob"]))
        plans += written == entry["answer"]
    engine.close()
    count = len(entries)
    print(
        f"{count} prompts: tokens equal {tokens}, first choice equal {first}, "
        f"plans equal {plans}; log-probability of the first choice differs by "
        f"{np.median(gaps):.4f} (median), {max(gaps):.4f} (most)"
    )
    sys.exit(0 if tokens == count and plans >= _SAME_PLANS * count else 1)


def _greedy(engine: Engine, prompt: list[int]) -> tuple[list[int], int, float]:
    """Plan without its end, first token, and its log-probability."""
    never = threading.Event()
    sequence = list(prompt)
    engine.evaluate(sequence, never)
    logits = engine.logits().astype(np.float64)
    best = int(logits.argmax())
    top = float(logits.max())
    chance = float(logits[best] - top - np.log(np.exp(logits - top).sum()))
    written: list[int] = []
    for _ in range(96):
        token = int(engine.logits().argmax())
        if engine.ends(token):
            break
        written.append(token)
        sequence.append(token)
        engine.evaluate(sequence, never)
    return written, best, chance


if __name__ == "__main__":
    main()
