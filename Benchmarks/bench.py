#!/usr/bin/env python3
"""Runs the benchmarks and writes their tables into docs/benchmarks.md. `make bench` builds what they need and calls it.

    make bench BENCH="--tokenizer FOLDER --llama-source llama.cpp --llama-programs llama.cpp/build/bin --trl"
    make bench BENCH="--parts 3b …"     # one part; the others' tables stay as they are

It needs torch, transformers, safetensors and numpy; llama.cpp and TRL are measured beside them where they are given.
Nothing else should run meanwhile. The parts and about how many minutes they take with all peers on two cores: 300m 12, 3b 10, 386 4, 1154 8.
"""

import argparse
import datetime
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HEAD = """# Benchmarks

Figures are medians; a ratio above 1 says that we are faster. A floor is what the arithmetic or the memory of the machine
alone would allow, and the number beside it how many times as long we take. Each table names the command that made it, on
a machine that did nothing else.
"""
TITLES = {
    "300m": "Inference, 300m", "3b": "Inference, 3b", "386": "A GRPO step, 386 + 64 tokens",
    "1154": "A GRPO step, 1154 + 128 tokens",
}


def output(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def inference(size: str, args: argparse.Namespace) -> str:
    peers = []
    if args.llama_source and args.llama_programs:
        peers = ["--llama-source", args.llama_source, "--llama-programs", args.llama_programs]
    if args.tokenizer:
        peers += ["--tokenizer", args.tokenizer]
    if size == "300m":
        peers += ["--transformers", "--dtypes", "float32", "bfloat16", "int8"]
    else:
        # A round of the larger model takes minutes, and beside it there is no room for copies: they are removed.
        peers += ["--new-tokens", 32, "--threads", 2, "--remove"]
    return output(
        sys.executable, HERE / "inference.py", size, "--build", args.build, "--rounds", args.rounds, *peers)


def grpo_step(text_tokens: int, completion: int, steps: int, args: argparse.Namespace) -> str:
    return output(
        sys.executable, HERE / "grpo_step.py", "--build", args.build, "--text-tokens", text_tokens, "--completion",
        completion, "--steps", steps, *(["--trl"] if args.trl else []))


def table(part: str, args: argparse.Namespace) -> str:
    if part in ("300m", "3b"):
        return inference(part, args)
    # The image takes 258 tokens of the prompt.
    return grpo_step(128, 64, 3, args) if part == "386" else grpo_step(896, 128, 1, args)


def shown(arguments: list[str]) -> str:
    """The command as others would write it: their folders lie elsewhere."""
    return " ".join(shlex.quote(a) if not a.startswith("/") else f"…/{Path(a).name}" for a in arguments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=TITLES, default=list(TITLES), help="what to measure; all by default")
    parser.add_argument("--build", type=Path, default=ROOT / ".build" / "release", help="where our programs lie")
    parser.add_argument("--tokenizer", type=Path, help="a folder with the published tokenizer, for llama.cpp's converter")
    parser.add_argument("--llama-source", type=Path, help="llama.cpp's source, for its converter")
    parser.add_argument("--llama-programs", type=Path, help="the folder of llama-bench and llama-batched-bench")
    parser.add_argument("--trl", action="store_true", help="measure TRL's trainer, which takes minutes a step")
    parser.add_argument("--rounds", type=int, default=3, help="of inference")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    args = parser.parse_args()

    processor = json.loads(output(sys.executable, HERE / "machine.py").splitlines()[-1])["processor"]
    written = args.output.read_text() if args.output.exists() else ""
    found = {title: text for title, text in re.findall(r"^## (.*?)\n\n(.*?)(?=\n## |\Z)", written, re.M | re.S)}
    for part in args.parts:
        command = f"`python3 Benchmarks/bench.py {shown(sys.argv[1:])}`"
        found[TITLES[part]] = f"{processor}; {datetime.date.today()}; {command}\n\n{table(part, args)}"
        # What other programs have measured stays behind.
        titles = [*TITLES.values(), *(title for title in found if title not in TITLES.values())]
        sections = [f"## {title}\n\n{found[title].strip()}\n" for title in titles if title in found]
        # After every part: the next one may be cut off.
        args.output.write_text("\n".join([HEAD, *sections]))
        print(f"{args.output}: {TITLES[part]}", flush=True)


if __name__ == "__main__":
    main()
