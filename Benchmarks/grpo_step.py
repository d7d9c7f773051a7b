#!/usr/bin/env python3
"""Times a GRPO step here and in torch, one after the other on the same threads, and compares the gradients.

    pip install torch transformers safetensors
    swift build -c release
    python3 Benchmarks/grpo_step.py

The network has the architecture of Qwen2.5-VL, 50 million parameters and random weights; one image of 448 x 448
pixels, a group of 8 answers, float32, all parameters trained, a reference policy, AdamW.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.utils import logging

import models

HERE = Path(__file__).resolve().parent


def measure(command: list[str], threads: int) -> dict:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    environment.pop("OPENBLAS_CORETYPE", None)  # every program chooses its own kernels
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def work(prompt: int, group: int, completion: int, image: int) -> dict[str, float]:
    """Operations of the matrix products that cannot be avoided, the prompt computed once; attention left out."""
    layers = 10 * (512 * 512 * 2 + 512 * 128 * 2 + 3 * 512 * 1408)
    head, patches = 512 * 32768, (image // 14) ** 2
    vision = patches * (1176 * 256 + 6 * (4 * 256 * 256 + 3 * 256 * 684)) + patches // 4 * (1024 * 1024 + 1024 * 512)
    forward = 2 * (vision + (prompt + group * (completion - 1)) * layers + group * completion * head)
    return {
        "training": 4 * forward,
        "generation": 2 * (vision + prompt * layers + group * completion * head + group * (completion - 1) * layers),
    }


def gradient_difference(ar1: str, folder: Path, scratch: Path) -> float:
    """‖ours − torch's‖ / ‖torch's‖ over all parameters, for one prompt without an image and three answers."""
    from safetensors.torch import load_file

    lots = random.Random(3)
    prompt = [lots.randrange(32000) for _ in range(40)]
    answers = [[lots.randrange(32000) for _ in range(length)] for length in (12, 5, 20)]
    advantages = [0.9, -1.1, 0.2]
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    losses, references = [], []
    for answer, advantage in zip(answers, advantages):
        logits = model(torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
        logprobs = logits.log_softmax(-1)[range(len(answer)), answer]
        # A reference half a nat below in every token gives the divergence a gradient too.
        gap = logprobs.detach() - 0.5 - logprobs
        gain = (logprobs - logprobs.detach()).exp() * advantage
        losses.append((0.04 * (gap.exp() - gap - 1) - gain).mean())
        references.append([float(x) - 0.5 for x in logprobs.detach()])
    torch.stack(losses).mean().backward()
    request = {
        "input_ids": prompt, "images": [], "train": "all",
        "objective": {"reduction": "grpo", "beta": 0.04},
        "completions": [
            {"ids": answer, "advantage": advantage, "ref_logprobs": reference}
            for answer, advantage, reference in zip(answers, advantages, references)
        ],
    }
    (scratch / "request.json").write_text(json.dumps(request))
    subprocess.run(
        [ar1, "model", "gradient", folder, "--request", scratch / "request.json", "--output", scratch / "g.safetensors"],
        check=True)
    ours = load_file(scratch / "g.safetensors")
    error = norm = 0.0
    for name, parameter in model.named_parameters():
        if parameter.grad is None:
            continue
        found = ours.get(f"grad.{name}", torch.zeros_like(parameter.grad)).reshape(parameter.grad.shape)
        error += float((found - parameter.grad).double().square().sum())
        norm += float(parameter.grad.double().square().sum())
    return (error / norm) ** 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=HERE.parent / ".build" / "release", help="where the programs lie")
    parser.add_argument("--ar1", help="the ar1 to compare gradients with (the one in --build)")
    parser.add_argument("--text-tokens", type=int, default=128, help="behind the image's 258 tokens")
    parser.add_argument("--completion", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--trl", action="store_true", help="run TRL's trainer too")
    parser.add_argument("--without-repeated", action="store_true", help="leave out the slow peer")
    parser.add_argument("--output", type=Path, help="write the table there instead of printing it")
    args = parser.parse_args()
    logging.disable_progress_bar()

    sizes = ["--text-tokens", str(args.text_tokens), "--completion", str(args.completion),
             "--threads", str(args.threads), "--steps", str(args.steps)]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        models.make("50m", folder, "float32")
        torch_step = [sys.executable, str(HERE / "torch_grpo_step.py"), str(folder), *sizes]
        ours = str(args.build / "grpo-step-benchmark")
        rows = {"AnomalyR1": measure([ours, str(folder), *sizes], args.threads)}
        rows["AnomalyR1, layers recomputed"] = measure([ours, str(folder), *sizes, "--recompute-layers"], args.threads)
        rows["torch, prompt shared"] = measure([*torch_step, "--prefix", "shared"], args.threads)
        if not args.without_repeated:
            rows["torch, prompt repeated"] = measure([*torch_step, "--prefix", "repeated"], args.threads)
        if args.trl:
            trl = measure([sys.executable, str(HERE / "trl_grpo_step.py"), str(folder), *sizes], args.threads)
            rows[f"TRL {trl['trl']}"] = trl
        difference = gradient_difference(args.ar1 or str(args.build / "ar1"), folder, Path(scratch))
        rate = measure([sys.executable, str(HERE / "machine.py"), "--threads", str(args.threads)], args.threads)["float32_operations"]

    own = rows["AnomalyR1"]
    floor = {name: count / rate for name, count in work(own["prompt_tokens"], 8, args.completion, 448).items()}
    lines = [
        f"A prompt of {own['prompt_tokens']} tokens with one image, 8 answers of {args.completion} tokens, "
        f"{args.threads} thread{'s' * (args.threads > 1)}; seconds, medians of {args.steps} steps.", "",
        "| | generation | reference | forward | backward | optimizer | whole step | ratio | peak memory |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in rows.items():
        phases = [row.get(f"{phase}_seconds") for phase in ("generation", "reference", "forward", "backward", "optimizer", "step")]
        ratio = row["step_seconds"] / own["step_seconds"]
        cells = ["" if seconds is None else f"{seconds:.2f}" for seconds in phases] + [f"{ratio:.2f}", f"{row['peak_rss_gb']:.2f} GiB"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"Matrix products alone, at the {rate / 1e9:.0f} GFLOP/s that a square product of 2048 reaches here: "
        f"{floor['generation']:.2f} s of generation (as if it were not bound by memory) and {floor['training']:.2f} s of "
        f"training; the step takes {own['step_seconds'] / sum(floor.values()):.2f} times that.",
        f"Gradients of all parameters against torch's, as one vector: {difference:.1e}.",
        f"{platform.machine()}, torch {torch.__version__}; made by `python3 Benchmarks/grpo_step.py "
        + " ".join("…" if a.startswith("/") else a for a in sys.argv[1:]) + "`.",
    ]
    text = "\n".join(lines) + "\n"
    if args.output:
        args.output.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
