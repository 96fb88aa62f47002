"""Trains a low-rank adapter (LoRA, Hu et al. 2021) of a GGUF model on plans, and exports it.

Stand-alone: ``pip install torch gguf tokenizers matplotlib``; Python 3.11 or later, CPU or CUDA::

    python -m models.training.train MODEL.gguf out/training --out out/smollm2 --epochs 2
    python -m models.training.train MODEL.gguf out/training --out out/smollm2 --resume

Reads ``train.jsonl`` and ``valid.jsonl`` (``{"prompt": ..., "plan": ...}``), writes to ``--out``:

- ``adapter.gguf``, which llama.cpp loads beside the base model;
- ``checkpoint.pt`` with optimizer state, for ``--resume``;
- ``log.jsonl`` and ``loss.png``;
- ``parity.json``: tokens and greedy answers for ``python -m models.training.parity``;
- ``valid-answers.jsonl``: what the model wrote for the rows of valid.jsonl.

The base weights are those of the quantized file, dequantized, because that is what the adapter
will stand beside. The loss is on the plan only. On a CPU with AMX, bfloat16 is six to eight times
faster than float32 (measured: 1.8 TFLOP/s against 0.25 on two cores); elsewhere take float32.
Where a C++ compiler (CPU) or Triton (CUDA) is there, ``--compile`` fuses what stands between the
matrix products: 940 to 1170 tokens a second in place of 610 on two cores.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from gguf import GGUFWriter
from torch import Tensor
from torch.nn import functional

from models.training.transformer import Linear, Model, Vocabulary, load, permuted

Row = tuple[list[int], list[int]]
"""Prompt, and plan with its end, in tokens."""

_WARM_UP = 50  # steps


def main() -> None:
    """The command line."""
    options = _options()
    torch.manual_seed(options.seed)
    if options.threads:
        torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"loading {options.model.name} on {device}", file=sys.stderr, flush=True)
    model, vocabulary = load(options.model, device)
    model.compute = _compute_type(options.dtype, device)
    trained = _prepare(model, options)
    if options.compile:
        for block in model.blocks:
            block.compile(dynamic=True)
    rows = [
        row
        for path in (options.data / "train.jsonl", *options.more)
        for row in read_rows(path, vocabulary, model.shape.end, options.longest)
    ]
    valid = [json.loads(line) for line in (options.data / "valid.jsonl").open(encoding="utf-8")]
    run = Run(model, trained, rows, options)
    if options.resume:
        run.resume()
    elif options.start:
        run.start_from(options.start)
    run.train()
    model.eval()
    torch.compiler.set_stance("force_eager")  # answers grow a token at a time, in other shapes
    if not options.full:
        export(model, options.out / "adapter.gguf", options.rank, options.alpha, options.model.stem)
    else:
        torch.save(
            {name: linear.weight.detach().half() for name, linear in model.linears()},
            options.out / "weights.pt",
        )
    write_parity(model, vocabulary, valid[:24], options.out / "parity.json")
    if options.check:
        some = valid[: options.check]
        right = answer(model, vocabulary, some, options.out / "valid-answers.jsonl")
        print(f"exact plans on held-out templates: {right:.1%}", flush=True)


class Run:
    """The training loop."""

    def __init__(
        self,
        model: Model,
        trained: list[torch.nn.Parameter],
        rows: list[Row],
        options: argparse.Namespace,
    ) -> None:
        self.model = model
        self.trained = trained
        self.rows = rows
        self.options = options
        self.optimizer = torch.optim.AdamW(
            trained, lr=options.lr, betas=(0.9, 0.98), weight_decay=options.decay
        )
        self.step = 0
        self.schedule = [
            batch
            for epoch in range(math.ceil(options.epochs))
            for batch in batches(rows, options.batch, f"{options.seed} {epoch}")
        ]
        self.steps = int(len(self.schedule) * options.epochs / math.ceil(options.epochs))
        self.stopping = False
        self.spent = 0.0  # seconds of training, of earlier runs too

    def train(self) -> None:
        """Until the last step, or the first Ctrl-C, which saves first."""
        signal.signal(signal.SIGINT, lambda *_: setattr(self, "stopping", True))
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopping", True))
        began = shown = saved = time.perf_counter()
        tokens = 0
        losses: list[float] = []
        with (self.options.out / "log.jsonl").open("a", encoding="utf-8") as log:
            while self.step < self.steps and self._done() < 1 and not self.stopping:
                before = time.perf_counter()
                loss, count = self._step(self.schedule[self.step])
                self.spent += time.perf_counter() - before
                losses.append(loss)
                tokens += count
                self.step += 1
                now = time.perf_counter()
                if now - shown > 10 or self.step == self.steps:
                    mean = sum(losses) / len(losses)
                    speed = tokens / (now - began)
                    left = (1 / max(1e-6, self._done()) - 1) * self.spent
                    entry = {"step": self.step, "loss": round(mean, 5), "tokens_s": round(speed)}
                    log.write(json.dumps(entry) + "\n")
                    log.flush()
                    print(
                        f"step {self.step}/{self.steps}  loss {mean:.4f}  {speed:.0f} tokens/s  "
                        f"{left / 60:.0f} min left",
                        file=sys.stderr,
                        flush=True,
                    )
                    losses.clear()
                    shown = now
                if now - saved > self.options.save_every:
                    self.save()
                    saved = now
        self.save()
        draw(self.options.out / "log.jsonl", self.options.out / "loss.png")

    def _done(self) -> float:
        """How much of the training is done, 0 to 1, by steps or by the time that is allowed."""
        limit = self.options.minutes * 60
        return max(self.step / self.steps, self.spent / limit if limit else 0.0)

    def _step(self, batch: list[int]) -> tuple[float, int]:
        warm = min(1.0, (self.step + 1) / _WARM_UP)
        share = warm * (0.5 + 0.5 * math.cos(math.pi * self._done()))
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.lr * max(0.02, share)
        loss, count = plan_loss(self.model, [self.rows[index] for index in batch])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item(), count

    def save(self) -> None:
        """Everything that ``resume`` needs, in one rename."""
        part = self.options.out / "checkpoint.part"
        state = {
            "step": self.step,
            "spent": self.spent,
            "trained": [parameter.detach() for parameter in self.trained],
            "optimizer": self.optimizer.state_dict(),
        }
        torch.save(state, part)
        part.replace(self.options.out / "checkpoint.pt")

    def resume(self) -> None:
        """Go on where the last run stopped; the order of the rows follows from the seed."""
        state = self._take_up(self.options.out / "checkpoint.pt")
        self.step, self.spent = state["step"], state["spent"]
        self.optimizer.load_state_dict(state["optimizer"])

    def start_from(self, checkpoint: Path) -> None:
        """Take what an earlier run learned, with a new schedule."""
        self._take_up(checkpoint)

    def _take_up(self, checkpoint: Path) -> dict[str, Any]:
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        for parameter, value in zip(self.trained, state["trained"], strict=True):
            parameter.data.copy_(value)
        return state


def read_rows(path: Path, vocabulary: Vocabulary, end: int, longest: int) -> list[Row]:
    """Rows in tokens; longer ones than ``longest`` are left out and counted."""
    rows = []
    dropped = 0
    for line in path.open(encoding="utf-8"):
        entry = json.loads(line)
        row = (vocabulary.prompt(entry["prompt"]), [*vocabulary.encode(entry["plan"]), end])
        if len(row[0]) + len(row[1]) > longest:
            dropped += 1
            continue
        rows.append(row)
    print(f"{len(rows)} rows, {dropped} longer than {longest} tokens left out", file=sys.stderr)
    return rows


def batches(rows: list[Row], budget: int, seed: str) -> Iterator[list[int]]:
    """Rows of similar length together, ``budget`` tokens a batch, in an order drawn by the seed."""
    order = list(range(len(rows)))
    rng = random.Random(seed)
    rng.shuffle(order)
    made: list[list[int]] = []
    for start in range(0, len(order), 4096):
        chunk = sorted(order[start : start + 4096], key=lambda index: sum(map(len, rows[index])))
        batch: list[int] = []
        for index in chunk:
            width = sum(map(len, rows[index]))
            if batch and width * (len(batch) + 1) > budget:
                made.append(batch)
                batch = []
            batch.append(index)
        if batch:
            made.append(batch)
    rng.shuffle(made)
    yield from made


def plan_loss(model: Model, rows: list[Row]) -> tuple[Tensor, int]:
    """Mean cross entropy of the plans' tokens, and how many tokens the batch had."""
    width = max(len(prompt) + len(plan) for prompt, plan in rows)
    tokens = torch.zeros(len(rows), width, dtype=torch.long)
    aim = torch.full((len(rows), width), -1, dtype=torch.long)
    for at, (prompt, plan) in enumerate(rows):
        whole = [*prompt, *plan]
        tokens[at, : len(whole)] = torch.tensor(whole)
        aim[at, len(prompt) - 1 : len(whole) - 1] = torch.tensor(plan)
    device = model.embedding.device
    tokens, aim = tokens.to(device), aim.to(device)
    # Padding stands at the end, where causal attention never sees it.
    hidden = model.hidden(tokens)
    asked = aim >= 0
    return functional.cross_entropy(model.logits(hidden[asked]), aim[asked]), tokens.numel()


def answer(
    model: Model, vocabulary: Vocabulary, rows: list[dict[str, str]], path: Path, longest: int = 96
) -> float:
    """Greedy plans for rows, written to a file; the share that is exactly right."""
    prompts = [vocabulary.prompt(row["prompt"]) for row in rows]
    written = [vocabulary.decode(plan) for plan in model.generate(prompts, longest)]
    with path.open("w", encoding="utf-8") as file:
        for row, plan in zip(rows, written, strict=True):
            file.write(json.dumps({**row, "answer": plan, "right": plan == row["plan"]}) + "\n")
    return sum(plan == row["plan"] for row, plan in zip(rows, written, strict=True)) / len(rows)


def export(model: Model, path: Path, rank: int, alpha: float, base: str) -> None:
    """The adapter as llama.cpp reads it: A (rank, in) and B (out, rank) in float16."""
    writer = GGUFWriter(path, model.shape.architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    writer.add_name(f"in-car planner for {base}")
    for name, linear in model.linears():
        assert linear.a is not None and linear.b is not None
        a, b = linear.a.detach().cpu(), linear.b.detach().cpu()
        if model.shape.architecture == "llama" and name.endswith(("attn_q", "attn_k")):
            b = permuted(b, model.shape.head_size)
        writer.add_tensor(f"{name}.weight.lora_a", a.half().numpy())
        writer.add_tensor(f"{name}.weight.lora_b", b.half().contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_parity(
    model: Model, vocabulary: Vocabulary, rows: list[dict[str, str]], path: Path
) -> None:
    """Tokens of prompts and the greedy answers to them in float32, to hold llama.cpp against."""
    compute, model.compute = model.compute, torch.float32
    entries = []
    for row in rows:
        prompt = vocabulary.prompt(row["prompt"])
        with torch.inference_mode():
            logits = model.logits(
                model.hidden(torch.tensor([prompt], device=model.embedding.device))
            )
        chances = logits[0, -1].log_softmax(-1)
        entries.append(
            {
                "prompt": row["prompt"],
                "tokens": prompt,
                "answer": model.generate([prompt], 96)[0],
                "first": int(chances.argmax()),
                "first_logprob": round(float(chances.max()), 5),
            }
        )
    model.compute = compute
    path.write_text(json.dumps(entries), encoding="utf-8")


def draw(log: Path, path: Path) -> None:
    """The loss curve as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    entries = [json.loads(line) for line in log.open(encoding="utf-8")]
    figure, axes = pyplot.subplots(figsize=(7, 4))
    axes.plot([entry["step"] for entry in entries], [entry["loss"] for entry in entries])
    axes.set(xlabel="step", ylabel="cross entropy of the plan (nats a token)", yscale="log")
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def _prepare(model: Model, options: argparse.Namespace) -> list[torch.nn.Parameter]:
    """The parameters that are trained; everything else is kept in the type of computation."""
    linears: list[Linear] = [linear for _, linear in model.linears()]
    if options.full:
        for linear in linears:
            linear.weight.requires_grad_(True)
        return [linear.weight for linear in linears]
    for parameter in model.parameters():
        parameter.data = parameter.data.to(model.compute)
    model.adapt(options.rank, options.alpha, options.seed)
    return [
        parameter
        for linear in linears
        for parameter in (linear.a, linear.b)
        if parameter is not None
    ]


def _compute_type(name: str, device: str) -> torch.dtype:
    if name != "auto":
        return torch.bfloat16 if name == "bfloat16" else torch.float32
    fast = device == "cuda" or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if fast else torch.float32


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, help="the base model, a GGUF file")
    parser.add_argument("data", type=Path, help="folder with train.jsonl and valid.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder for results")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=32.0)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--decay", type=float, default=0.0, help="weight decay")
    parser.add_argument("--batch", type=int, default=2048, help="tokens a batch, with padding")
    parser.add_argument("--longest", type=int, default=192, help="most tokens of a row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="0 takes all cores")
    parser.add_argument("--dtype", choices=("auto", "bfloat16", "float32"), default="auto")
    parser.add_argument("--compile", action="store_true", help="fuse operations")
    parser.add_argument("--full", action="store_true", help="train the weights, no adapter")
    parser.add_argument("--check", type=int, default=1000, help="rows of valid.jsonl to answer")
    parser.add_argument("--save-every", type=float, default=180, help="seconds")
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="further rows to train on")
    parser.add_argument("--minutes", type=float, default=0, help="most minutes; 0 is no limit")
    parser.add_argument("--start", type=Path, help="a checkpoint of an earlier run to start from")
    parser.add_argument("--resume", action="store_true", help="go on from --out/checkpoint.pt")
    return parser.parse_args()


if __name__ == "__main__":
    main()
