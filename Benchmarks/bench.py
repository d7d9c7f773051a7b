#!/usr/bin/env python3
"""Runs every benchmark and writes docs/benchmarks.md. `make bench` builds what it needs and calls it.

    make bench BENCH="--tokenizer FOLDER --llama-source llama.cpp --llama-programs llama.cpp/build/bin --trl"

It needs torch, transformers, safetensors and numpy; llama.cpp and TRL are measured beside them where they are given.
"""

import argparse
import datetime
import json
import shlex
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def output(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / ".build" / "release", help="where our programs lie")
    parser.add_argument("--tokenizer", type=Path, help="a folder with the published tokenizer, for llama.cpp's converter")
    parser.add_argument("--llama-source", type=Path, help="llama.cpp's source, for its converter")
    parser.add_argument("--llama-programs", type=Path, help="the folder of llama-bench and llama-batched-bench")
    parser.add_argument("--trl", action="store_true", help="measure TRL's trainer, which takes minutes a step")
    parser.add_argument("--sizes", nargs="+", default=["300m"], help="of the models for inference: 300m, 3b")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "benchmarks.md")
    args = parser.parse_args()

    peers = []
    if args.llama_source and args.llama_programs:
        peers = ["--llama-source", args.llama_source, "--llama-programs", args.llama_programs]
    if args.tokenizer:
        peers += ["--tokenizer", args.tokenizer]
    inference = [sys.executable, HERE / "inference.py"]
    common = ["--build", args.build, *peers, "--transformers", "--rounds", args.rounds]
    processor = json.loads(output(sys.executable, HERE / "machine.py").splitlines()[-1])["processor"]
    parts = [
        "# Benchmarks", "",
        "Figures are medians; a ratio above 1 says that we are faster. A floor is what the arithmetic or the memory of the "
        "machine alone would allow, and the number beside it how many times as long we take.", "",
        f"{processor}; {datetime.date.today()}; `python3 Benchmarks/bench.py {shown(sys.argv[1:])}`", "",
    ]
    for size in args.sizes:
        parts += [f"## Inference, {size}", "", output(*inference, size, *common), ""]
    for text, completion in ((128, 64), (896, 128)):
        parts += [
            f"## A GRPO step, {258 + text} + {completion} tokens", "",
            output(sys.executable, HERE / "grpo_step.py", "--build", args.build, "--text-tokens", text, "--completion",
                   completion, *(["--trl"] if args.trl else [])), "",
        ]
    args.output.write_text("\n".join(parts).rstrip() + "\n")
    print(args.output)


def shown(arguments: list[str]) -> str:
    """The command as others would write it: their folders lie elsewhere."""
    return " ".join(shlex.quote(a) if not a.startswith("/") else f"…/{Path(a).name}" for a in arguments)


if __name__ == "__main__":
    main()
