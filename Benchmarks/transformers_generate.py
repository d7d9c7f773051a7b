"""Prefill and decoding of text prompts in transformers; prints one JSON line in tokens a second.

Every prompt is answered once, and then, every answer a row with its whole prompt, `--answers` times."""

import argparse
import json
import statistics
import time

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, Qwen2_5_VLForConditionalGeneration
from transformers.utils import logging


class FirstLogits(LogitsProcessor):
    """The moment at which the first logits are there."""

    def __init__(self) -> None:
        self.time: float | None = None

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        if self.time is None:
            self.time = now(scores.device)
        return scores


def now(device: torch.device) -> float:
    """The time, once a GPU has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--prompt", type=int, default=256)
    parser.add_argument("--prompts", type=int, default=1, help="different ones, computed together")
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--answers", type=int, default=8)
    parser.add_argument("--sample", action="store_true", help="draw tokens at temperature 1 instead of the likeliest")
    parser.add_argument("--cache", choices=("dynamic", "static"), default="dynamic", help="static: on a GPU, compiled")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    device = torch.device(args.device)
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(args.model, dtype=getattr(torch, args.dtype)).to(device).eval()
    model.generation_config = GenerationConfig(pad_token_id=0, use_cache=True)
    lots = torch.Generator().manual_seed(1)
    ids = torch.randint(0, model.config.text_config.vocab_size // 2, (args.prompts, args.prompt), generator=lots).to(device)
    drawing = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0} if args.sample else {"do_sample": False}
    if args.cache == "static":
        drawing["cache_implementation"] = "static"

    def run(answers: int, length: int) -> tuple[float, float]:
        """Seconds of the prompts and of the steps behind them; every row computes its prompt."""
        first = FirstLogits()
        batch = ids.repeat_interleave(answers, 0)
        start = now(device)
        with torch.no_grad():
            out = model.generate(
                input_ids=batch, attention_mask=torch.ones_like(batch), max_new_tokens=length, eos_token_id=None,
                logits_processor=LogitsProcessorList([first]), **drawing)
        end = now(device)
        if out.shape != (len(batch), args.prompt + length):
            raise SystemExit(f"{list(out.shape)} tokens where {len(batch)} rows of {args.prompt + length} were asked for")
        return first.time - start, end - first.time

    def measured(answers: int) -> tuple[float, float]:
        """Tokens a second of the different prompts, and of the steps, in which every row takes one token."""
        # A compiled step is compiled for its shapes, and of a cache as long as the one that is measured.
        run(answers, args.new_tokens if args.cache == "static" else 2)
        runs = [run(answers, args.new_tokens) for _ in range(args.repeats)]
        prefill, decode = (statistics.median(column) for column in zip(*runs))
        return args.prompts * args.prompt / prefill, args.prompts * answers * (args.new_tokens - 1) / decode

    found = {}
    if args.answers:
        found["answers_prefill"], found["answers"] = measured(args.answers)
    found["prefill"], found["decode"] = measured(1)
    if device.type == "cuda":
        found["peak_device_gb"] = torch.cuda.max_memory_allocated(device) / 2**30
    print(json.dumps(found))


if __name__ == "__main__":
    main()
