#!/usr/bin/env python3
"""Times a prompt, the tokens behind it and several answers of it, here and in other programs, in turns on the same threads.

    swift build -c release
    python3 Benchmarks/inference.py 300m --tokenizer FOLDER --llama-source llama.cpp --llama-programs llama.cpp/build/bin

A peer that is not given is left out, and the table says so. Every round runs each program once, one after the other; the
ratios are medians over the rounds' own ratios, so that what slows the machine for a while slows both sides.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import models
from llama_cpp import TYPES, LlamaCpp

HERE = Path(__file__).resolve().parent
FIGURES = ("prefill", "decode", "answers")
BITS = {"float32": 32, "bfloat16": 16, "int8": 8.5}


def measured(command: list, threads: int) -> dict:
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    environment.pop("OPENBLAS_CORETYPE", None)  # every program chooses its own kernels
    done = subprocess.run([str(part) for part in command], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


class Comparison:
    """One size of model on one number of threads."""

    def __init__(self, args: argparse.Namespace, threads: int) -> None:
        self.args, self.threads = args, threads
        self.sizes = ["--prompt", args.prompt, "--new-tokens", args.new_tokens, "--answers", args.answers,
                      "--threads", threads]
        self.machine = measured([sys.executable, HERE / "machine.py", "--threads", threads], threads)
        self.memory: dict[str, float] = {}
        self.first: dict[str, list[float]] = {}

    def ours(self, dtype: str) -> dict[str, float]:
        program = [self.args.build / "inference-benchmark", self.args.folder, "--dtype", dtype]
        # Reads the weights, so that they are in the system's memory when the start is measured.
        measured([*program, "--prompt", 1, "--new-tokens", 2, "--answers", 0, "--warmup", 0, "--repeats", 1,
                  "--threads", self.threads], self.threads)
        row = measured([*program, "--repeats", 1, *self.sizes], self.threads)
        self.memory[dtype] = row["peak_rss_gb"] * 2**30
        # From nothing to the first token, beside a prefill of a model that is there.
        self.first.setdefault(dtype, []).append((row["load_seconds"] + row["first_prefill_seconds"]) / row["prefill_seconds"])
        found = {"prefill": row["prefill_tokens_per_second"], "decode": row["decode_tokens_per_second"]}
        if self.args.answers:
            found["answers"] = row["shared_decode_tokens_per_second"]
        return found

    def make_room(self, name: str, dtype: str) -> None:
        """Takes the files of the other programs out of the system's memory, where all of them may not fit: what a program
        has just read would be given up for what another one read before. Of ours the own files, too: they may lie there in
        the small pages in which another program read them."""
        folder = self.args.folder
        for file in (*folder.glob("model*.safetensors"), *folder.glob(".ar1/*.safetensors"),
                     *folder.parent.glob(folder.name + "-*.gguf")):
            if not (name.startswith("llama.cpp") and file.name.endswith(f"-{TYPES[dtype]}.gguf")):
                models.forget(file)

    def programs(self) -> dict[str, tuple[str, object]]:
        """Name → whose figures it is compared with, and how to get them."""
        args = self.args
        found = {f"AnomalyR1 {dtype}": (dtype, lambda dtype=dtype: self.ours(dtype)) for dtype in args.dtypes}
        if args.llama:
            for dtype in args.dtypes:
                if dtype in TYPES:
                    model = args.llama.convert(args.folder, dtype)
                    found[f"llama.cpp {TYPES[dtype]}"] = (dtype, lambda model=model: args.llama.measure(
                        model, self.threads, args.prompt, args.new_tokens, args.answers))
        if args.transformers:
            for dtype in args.dtypes:
                if dtype != "int8":
                    found[f"transformers {dtype}"] = (dtype, lambda dtype=dtype: measured(
                        [sys.executable, HERE / "transformers_generate.py", args.folder, "--dtype", dtype, *self.sizes],
                        self.threads))
        return found

    def floors(self, dtype: str) -> dict[str, float]:
        """Tokens a second at the measured rates: operations for the prompt, bytes of weights for each step."""
        layers, head = models.language_weights(self.args.size)
        rate = self.machine["float32_operations" if dtype == "float32" else "bfloat16_operations"]
        step = (layers + head) * BITS[dtype] / 8 / self.machine["read_bytes"]
        seconds = 2 * (layers * self.args.prompt + head) / rate
        return {"prefill": self.args.prompt / seconds, "decode": 1 / step, "answers": self.args.answers / step}

    def table(self) -> list[str]:
        programs = self.programs()
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in programs}
        for _ in range(self.args.rounds):
            for name, (dtype, run) in programs.items():
                self.make_room(name, dtype)
                rounds[name].append(run())
        columns = [figure for figure in FIGURES if figure != "answers" or self.args.answers]
        titles = {"prefill": "prefill", "decode": "decode", "answers": f"{self.args.answers} answers"}
        lines = [f"{self.threads} thread{'s' * (self.threads > 1)}: tokens a second, and ours over theirs.", "",
                 "| | " + " | ".join(f"{titles[c]} | ratio" for c in columns) + " |",
                 "|---" * (1 + 2 * len(columns)) + "|"]
        for name, (dtype, _) in programs.items():
            own = rounds[f"AnomalyR1 {dtype}"]
            cells = []
            for column in columns:
                cells.append(f"{statistics.median(row[column] for row in rounds[name]):.1f}")
                ratio = statistics.median(a[column] / b[column] for a, b in zip(own, rounds[name]))
                cells.append("" if rounds[name] is own else f"{ratio:.2f}")
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        for dtype in self.args.dtypes:
            floor, own = self.floors(dtype), rounds[f"AnomalyR1 {dtype}"]
            cells = [f"{floor[c]:.1f} | {floor[c] / statistics.median(row[c] for row in own):.2f}" for c in columns]
            lines.append(f"| floor {dtype}, and how far above it | " + " | ".join(cells) + " |")
        return lines + [""] + self.notes()

    def notes(self) -> list[str]:
        machine = self.machine
        lines = [f"Floors: {machine['float32_operations'] / 1e9:.0f} GFLOP/s in float32, "
                 f"{machine['bfloat16_operations'] / 1e9:.0f} in bfloat16 (a product of 2048 in torch {machine['torch']} or "
                 f"numpy {machine['numpy']}), {machine['read_bytes'] / 1e9:.1f} GB/s of reading."]
        for dtype in self.args.dtypes:
            weights = sum(path.stat().st_size for path in self.args.folder.glob("model*.safetensors"))
            weights *= BITS[dtype] / BITS[self.args.stored]
            lines.append(
                f"{dtype}: peak memory {self.memory[dtype] / 2**30:.2f} GiB, {self.memory[dtype] / weights:.2f} times the "
                f"weights; from the start to the first token {statistics.median(self.first[dtype]):.2f} times the prefill.")
        return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=models.SHAPES)
    parser.add_argument("--folder", type=Path, help="where the model lies or is made (a folder in /tmp)")
    parser.add_argument("--stored", choices=("float32", "bfloat16"), default="bfloat16", help="how it is stored")
    parser.add_argument("--tokenizer", type=Path, help="a folder with the published tokenizer")
    parser.add_argument("--build", type=Path, default=HERE.parent / ".build" / "release", help="where our programs lie")
    parser.add_argument("--llama-source", type=Path, help="llama.cpp's source, for its converter")
    parser.add_argument("--llama-programs", type=Path, help="the folder of llama-bench and llama-batched-bench")
    parser.add_argument("--transformers", action="store_true", help="run transformers beside them")
    parser.add_argument("--dtypes", nargs="+", choices=BITS, default=["bfloat16", "int8"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--prompt", type=int, default=256)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--answers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--remove", action="store_true", help="remove the model and its conversions at the end")
    args = parser.parse_args()
    args.folder = args.folder or Path(f"/tmp/ar1-bench-{args.size}-{args.stored}")
    if not (args.folder / "config.json").exists():
        models.make(args.size, args.folder, args.stored, args.tokenizer)
    complete = args.llama_source and args.llama_programs
    args.llama = LlamaCpp(args.llama_source, args.llama_programs) if complete else None
    print(f"The {args.size} shape, stored as {args.stored}; a prompt of {args.prompt} tokens, {args.new_tokens} new ones; "
          f"medians of {args.rounds} rounds.\n")
    if not args.llama:
        print("llama.cpp is left out: --llama-source and --llama-programs say where it is.\n")
    for threads in args.threads:
        print("\n".join(Comparison(args, threads).table()), end="\n\n", flush=True)
    if args.remove:
        shutil.rmtree(args.folder)
        for conversion in args.folder.parent.glob(f"{args.folder.name}-*.gguf"):
            conversion.unlink()


if __name__ == "__main__":
    main()
