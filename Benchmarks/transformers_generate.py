"""Prefill and greedy decoding of a text prompt in transformers; prints one JSON line in tokens a second."""

import argparse
import json
import statistics
import time

import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList, Qwen2_5_VLForConditionalGeneration
from transformers.utils import logging


class Ticks(LogitsProcessor):
    """The moments at which logits are there."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        self.times.append(time.perf_counter())
        return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--prompt", type=int, default=256)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--answers", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(args.model, dtype=getattr(torch, args.dtype)).eval()
    model.generation_config = GenerationConfig(pad_token_id=0, use_cache=True)
    lots = torch.Generator().manual_seed(1)
    ids = torch.randint(0, model.config.text_config.vocab_size // 2, (1, args.prompt), generator=lots)

    def run(rows: int, length: int) -> tuple[float, float]:
        """Seconds of the prompts and of the steps behind them; every row computes the prompt again."""
        ticks = Ticks()
        batch = ids.repeat(rows, 1)
        start = time.perf_counter()
        with torch.no_grad():
            model.generate(
                input_ids=batch, attention_mask=torch.ones_like(batch), do_sample=False, max_new_tokens=length,
                eos_token_id=None, logits_processor=LogitsProcessorList([ticks]))
        return ticks.times[0] - start, ticks.times[-1] - ticks.times[0]

    run(1, 2)
    single = [run(1, args.new_tokens) for _ in range(args.repeats)]
    found = {
        "prefill": args.prompt / statistics.median(seconds for seconds, _ in single),
        "decode": (args.new_tokens - 1) / statistics.median(seconds for _, seconds in single),
    }
    if args.answers:
        several = [run(args.answers, args.new_tokens) for _ in range(args.repeats)]
        found["answers"] = args.answers * (args.new_tokens - 1) / statistics.median(s for _, s in several)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
