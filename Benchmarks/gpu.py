#!/usr/bin/env python3
"""Measures generation, prefill, training and a GRPO step on a GPU beside transformers and torch, and beside what the GPU allows.

    pip install torch transformers safetensors
    swift build -c release
    python3 Benchmarks/gpu.py
    python3 Benchmarks/gpu.py --parts grpo --output results/gpu.md     # one part; the others' figures stay

Writes a Markdown page and a JSON file beside it, after every part. A program that fails or takes longer than --seconds is
named there, and what does not need it goes on. Our programs find cuBLAS and NVRTC where AR1_CUDA_LIBRARIES says, or in
the wheels that torch came with. `--device cpu --shape 50m` and small sizes try the script without a GPU.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import time
import traceback
from pathlib import Path

import models
from gpu_work import Decoder

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PARTS = {
    "limits": "The GPU", "decode": "Generation", "prefill": "Prefill", "training": "Training",
    "grpo": "A GRPO step", "static": "Generation with a static cache",
}


class Failed(Exception):
    """A program that did not end as it should; says how it ended."""


def nvidia_wheels() -> str:
    """Folders with NVRTC and cuBLAS among Python's packages, with colons between them."""
    try:
        import nvidia
    except ImportError:
        return ""
    names = ("libnvrtc.so.*", "libcublasLt.so.*")
    found = {path.parent for root in nvidia.__path__ for name in names for path in Path(root).glob(f"*/lib/{name}")}
    return ":".join(str(folder) for folder in sorted(found))


class Programs:
    """Runs programs that print one JSON line; each is run once, whoever asks."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.known: dict[tuple[str, ...], dict] = {}
        self.environment = {"AR1_CUDA_LIBRARIES": nvidia_wheels()} | os.environ

    def run(self, *command: object) -> dict:
        words = tuple(str(word) for word in command)
        if words not in self.known:
            name = Path(words[1] if words[0] == sys.executable else words[0]).name
            start = time.perf_counter()
            try:
                self.known[words] = self.output(words)
            except Failed as problem:
                self.known[words] = {"failure": f"{name} {problem}"}
            print(f"({name}: {time.perf_counter() - start:.0f} s)", flush=True)
        if "failure" in self.known[words]:
            raise Failed(self.known[words]["failure"])
        return self.known[words]

    def output(self, words: tuple[str, ...]) -> dict:
        try:
            done = subprocess.run(
                words, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=self.seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"took longer than {self.seconds:.0f} s") from None
        except OSError as error:
            raise Failed(f"could not be started: {error}") from None
        lines = done.stdout.strip().splitlines()
        if done.returncode == 0 and lines:
            return json.loads(lines[-1])
        raise Failed(f"ended with {done.returncode}: " + " / ".join(done.stderr.strip().splitlines()[-6:])[-800:])


class Benchmark:
    """The parts. Each gives the lines of its section and leaves its figures in `found`."""

    def __init__(self, args: argparse.Namespace, found: dict) -> None:
        self.args, self.found = args, found
        self.decoder = Decoder(args.shape)
        self.programs = Programs(args.seconds)
        self.dtype = "bfloat16" if args.device != "cpu" else "float32"
        self.lines: list[str] = []
        self.figures: dict[str, object] = {}

    def measure(self, part: str) -> list[str]:
        self.lines, self.figures = [], {}
        try:
            getattr(self, part)()
        except Exception:  # of what a program printed, say: the other parts are to be measured all the same
            traceback.print_exc()
            self.say(f"Not measured: {traceback.format_exc().strip().splitlines()[-1]}")
        self.found[part] = self.figures
        return self.lines

    def say(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def attempt(self, name: str, *attempts: list) -> dict:
        """What the first command gives that finds memory enough; empty if none does. Kept in the part's figures."""
        for number, command in enumerate(attempts):
            try:
                self.figures[name] = self.programs.run(*command) | {"command": " ".join(str(word) for word in command)}
                return self.figures[name]
            except Failed as problem:
                if "memory" not in str(problem) or number + 1 == len(attempts):
                    self.say(f"{name}: {problem}")
                    return {}
        return {}

    def goal(self, name: str, value: float | None, least: float, unit: str) -> None:
        """A figure that there is a goal for."""
        if value is None or math.isnan(value):  # without the GPU's limits there is no share of them
            return
        self.figures[name] = value
        shown = f"{value:.1f}" if unit else f"{value:.2f}"
        self.say(f"{name}: {shown}{unit}; the goal of {least:g}{unit} is {'met' if value >= least else 'missed'}.")

    @property
    def limit(self) -> dict:
        """What the GPU allows, measured in this run: an older run may have had another one. Without it shares are not numbers."""
        try:
            return self.programs.run(sys.executable, HERE / "gpu_limits.py", "--device", self.args.device)
        except Failed as problem:
            self.say(f"The GPU's limits are not known: {problem}")
            return {"bandwidth": math.nan, "products": math.nan, "memory_bytes": 0}

    def share(self, floor: float, seconds: float | None) -> float | None:
        return 100 * floor / seconds if seconds else None

    def limits(self) -> None:
        self.figures = limit = self.limit
        if "device" not in limit:
            return
        self.say(
            f"{limit['device']}, {limit['memory_bytes'] / 2**30:.0f} GiB; driver {limit['driver']}, torch {limit['torch']}, "
            f"CUDA {limit['cuda']}.")
        self.say(
            f"Memory: a copy of 6 GB moves {limit['copied'] / 1e9:.0f} GB/s (read and written), a sum reads "
            f"{limit['read_sum'] / 1e9:.0f} GB/s, a matrix-vector product {limit['read_vector_product'] / 1e9:.0f} GB/s. "
            f"Arithmetic: a bfloat16 product of 8192 x 8192 x 8192 random numbers runs at "
            f"{limit['products'] / 1e12:.0f} TFLOP/s (median).")

    def inference(self) -> tuple[dict, dict]:
        args = self.args
        sizes = ["--prompt", args.prompt, "--prompts", args.prompts, "--new-tokens", args.new_tokens,
                 "--answers", args.group, "--device", args.device]
        ours = self.attempt(
            "AnomalyR1", [args.build / "inference-benchmark", args.folder, *sizes, "--threads", args.threads])
        theirs = self.attempt(
            "transformers",
            [sys.executable, HERE / "transformers_generate.py", args.folder, *sizes, "--sample", "--repeats", 2])
        return ours, theirs

    def generation_table(self, rates: dict[str, float | None]) -> None:
        """Tokens a second of all sequences together, and what follows from them."""
        args = self.args
        rows, own = args.prompts * args.group, rates["AnomalyR1"]
        self.say(
            f"{args.prompts} different prompts of {args.prompt} tokens, {args.group} answers each, {args.new_tokens} new "
            "tokens drawn at temperature 1; the prefill left out. transformers computes every answer with its whole prompt.")
        lines = ["| | ms a step | tokens/s | ratio |", "|---|---|---|---|"]
        for name, rate in rates.items():
            if rate:
                ratio = f"{own / rate:.2f}" if own else ""
                lines.append(f"| {name} | {1000 * rows / rate:.2f} | {rate:.0f} | {ratio} |")
        self.say(*lines)

    def decode(self) -> None:
        args = self.args
        ours, theirs = self.inference()
        own, other = ours.get("shared_decode_tokens_per_second"), theirs.get("answers")
        self.generation_table({"AnomalyR1": own, "transformers": other})
        amount = self.decoder.step_bytes(args.prompts, args.prompt, args.group, args.new_tokens)
        bandwidth = self.limit["bandwidth"]
        floor = amount / bandwidth
        if not math.isnan(floor):
            self.figures["floor_seconds"] = floor
            self.say(f"A step has to read {amount / 1e9:.2f} GB (weights, each prompt's keys and values once, the answers' own): "
                     f"{1000 * floor:.2f} ms at {bandwidth / 1e9:.0f} GB/s.")
        self.goal("Share of the memory's limit", self.share(floor, own and args.prompts * args.group / own), 50, " %")
        self.goal("Times as fast as transformers", own / other if own and other else None, 3, "")

    def prefill(self) -> None:
        args = self.args
        ours, theirs = self.inference()
        tokens = args.prompts * args.prompt
        seconds = ours.get("shared_prefill_seconds")
        other = tokens / theirs["prefill"] if "prefill" in theirs else None
        work = self.decoder.prompts(args.prompts, args.prompt)
        self.say(f"{args.prompts} prompts of {args.prompt} tokens together, up to their first tokens; "
                 f"{work / 1e12:.2f} TFLOP.")
        lines = ["| | ms | tokens/s | TFLOP/s | % of the product's rate | ratio |", "|---|---|---|---|---|---|"]
        for name, taken in {"AnomalyR1": seconds, "transformers": other}.items():
            if taken:
                lines.append(
                    f"| {name} | {1000 * taken:.1f} | {tokens / taken:.0f} | {work / taken / 1e12:.0f} | "
                    f"{100 * work / taken / self.limit['products']:.1f} | {f'{taken / seconds:.2f}' if seconds else ''} |")
        self.say(*lines)
        self.goal("Share of the product's rate", self.share(work / self.limit["products"], seconds), 45, " %")

    def steps(self, *sizes: object) -> tuple[list, list]:
        """Our program and torch's for the same steps of the learner."""
        args = self.args
        sizes = [*sizes, "--prompts", args.prompts, "--group", args.group, "--completion", args.new_tokens,
                 "--train", "language", "--device", args.device, "--threads", args.threads]
        return (
            [args.build / "grpo-step-benchmark", args.folder, *sizes],
            [sys.executable, HERE / "torch_grpo_step.py", args.folder, "--prefix", "repeated", "--dtype", self.dtype,
             "--seconds", args.seconds / 3, *sizes],
        )

    def recomputing(self, command: list, bytes_wanted: float) -> list[list]:
        """Without and with recomputed layers; with them alone where the card's memory is smaller than wanted."""
        small = 0 < self.limit["memory_bytes"] < bytes_wanted
        return [[*command, "--recompute-layers"]] if small else [command, [*command, "--recompute-layers"]]

    def training(self) -> None:
        args = self.args
        ours, theirs = self.steps("--image", 0, "--text-tokens", args.prompt, "--passes-only", "--steps", 2)
        ours = self.attempt("AnomalyR1", *self.recomputing(ours, 60e9))
        theirs = self.attempt("torch", theirs)
        shape = (args.prompt, args.group, args.new_tokens)
        own = args.prompts * args.group * args.new_tokens
        self.say(
            f"Forward and backward over {args.prompts} prompts of {args.prompt} tokens, {args.group} answers of "
            f"{args.new_tokens} tokens each, gradients of the whole decoder; no optimizer. Ours computes a prompt once for its "
            "answers, in torch every answer is a row with the whole prompt; the rates count what each has to compute, layers "
            "that are computed again not counted.")
        lines = [
            "| | seconds | answers' tokens/s | tokens through the network/s | TFLOP/s | % of the product's rate | peak memory |",
            "|---|---|---|---|---|---|---|",
        ]
        shares = {}
        for name, row, forward, tokens in (
            ("AnomalyR1", ours, self.decoder.shared(*shape), args.prompt + args.group * (args.new_tokens - 1)),
            ("torch", theirs, self.decoder.repeated(*shape), args.group * (args.prompt + args.new_tokens - 1)),
        ):
            if not row:
                continue
            seconds = row["forward_seconds"] + row["backward_seconds"]
            rate = 3 * args.prompts * forward / seconds
            shares[name] = 100 * rate / self.limit["products"]
            self.figures[f"{name} TFLOP/s"] = rate / 1e12
            again = ", layers recomputed" if "--recompute-layers" in row["command"] else ""
            rows = f", {row['rows']} rows at a time" if "rows" in row else ""
            lines.append(
                f"| {name}{again}{rows} | {seconds:.2f} | {own / seconds:.0f} | {args.prompts * tokens / seconds:.0f} | "
                f"{rate / 1e12:.0f} | {shares[name]:.1f} | {memory(row)} |")
        self.say(*lines)
        self.goal("Share of the product's rate", shares.get("AnomalyR1"), 45, " %")

    def grpo(self) -> None:
        args = self.args
        ours, theirs = self.steps(
            "--image", args.image_width, "--image-height", args.image_height, "--text-tokens", args.text_tokens)
        ours = self.attempt("AnomalyR1", *self.recomputing([*ours, "--steps", 2], 100e9))
        theirs = self.attempt("transformers and torch", [*theirs, "--steps", 1])
        prompt = (ours or theirs).get("prompt_tokens", 0)
        self.say(
            f"{args.prompts} prompts of {prompt} tokens with an image of {args.image_width} x {args.image_height} pixels each, "
            f"{args.group} answers of {args.new_tokens} tokens, a reference policy, AdamW on the decoder, the vision tower "
            "frozen. Ours keeps master copies, moments and gradients in float32; torch keeps all of them in bfloat16.")
        lines = ["| seconds | sampling | learning | whole step | ratio | peak memory |", "|---|---|---|---|---|---|"]
        for name, row in {"AnomalyR1": ours, "transformers and torch": theirs}.items():
            if not row:
                continue
            again = ", layers recomputed" if "--recompute-layers" in row["command"] else ""
            rows = f", {row['rows']} rows at a time" if "rows" in row else ""
            ratio = f"{row['step_seconds'] / ours['step_seconds']:.2f}" if ours else ""
            lines.append(
                f"| {name}{again}{rows} | {row['generation_seconds']:.2f} | {row['training_seconds']:.2f} | "
                f"{row['step_seconds']:.2f} | {ratio} | {memory(row)} |")
        self.say(*lines)
        if theirs and theirs["learnt_rows"] < theirs["all_rows"]:
            self.say(f"torch learnt from {theirs['learnt_rows']} of {theirs['all_rows']} rows in its time; the learning of all "
                     "of them is taken as proportional. Sampling was measured in full.")
        if ours and theirs:
            without = theirs["step_seconds"] - theirs["vision_seconds"]
            self.say(f"transformers computes the vision tower for every row, which takes {theirs['vision_seconds']:.2f} s of its "
                     f"step; the rest alone is {without / ours['step_seconds']:.2f} times our whole step.")
            self.goal("Times as fast", theirs["step_seconds"] / ours["step_seconds"], 5, "")

    def static(self) -> None:
        args = self.args
        ours = self.inference()[0].get("shared_decode_tokens_per_second")
        rows = args.prompts * args.group
        theirs = self.attempt(
            "transformers, static cache",
            [sys.executable, HERE / "transformers_generate.py", args.folder, "--prompt", args.prompt, "--prompts", rows,
             "--new-tokens", args.new_tokens, "--answers", 0, "--device", args.device, "--sample", "--cache", "static"])
        self.generation_table({"AnomalyR1": ours, "transformers, static cache, compiled": theirs.get("decode")})


def memory(row: dict) -> str:
    peak = row.get("peak_device_gb", row["peak_rss_gb"])
    return f"{peak:.1f} GiB"


def model_folder(args: argparse.Namespace) -> Path:
    """In memory where there is room: reading it then costs next to nothing."""
    shared = Path("/dev/shm")
    room = shared.is_dir() and shutil.disk_usage(shared).free > 10 << 30
    return (shared if room else Path("/tmp")) / f"ar1-bench-{args.shape}-bfloat16"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=[part for part in PARTS if part != "static"],
                        help="what to measure; all but static by default, which compiles for a minute or more")
    parser.add_argument("--shape", choices=models.SHAPES, default="3b")
    parser.add_argument("--folder", type=Path, help="where the model lies or is made (a folder in /dev/shm or /tmp)")
    parser.add_argument("--build", type=Path, default=ROOT / ".build" / "release", help="where our programs lie")
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--seconds", type=float, default=180, help="the longest that one program may take")
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--group", type=int, default=8, help="answers of every prompt")
    parser.add_argument("--prompt", type=int, default=1154, help="tokens of a text prompt")
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--image-width", type=int, default=1008, help="of a GRPO step's images; 1000 x 800 is resized to it")
    parser.add_argument("--image-height", type=int, default=812)
    parser.add_argument("--text-tokens", type=int, default=128, help="behind the image of a GRPO step")
    parser.add_argument("--threads", type=int, default=min(8, os.cpu_count() or 1), help="of the processor beside the GPU")
    parser.add_argument("--output", type=Path, default=ROOT / ".bench" / "gpu.md")
    parser.add_argument("--remove", action="store_true", help="remove the model at the end")
    args = parser.parse_args()
    args.folder = args.folder or model_folder(args)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    record = args.output.with_suffix(".json")
    found = json.loads(record.read_text()) if record.exists() else {"figures": {}, "sections": {}}

    if not (args.folder / "config.json").exists():
        start = time.perf_counter()
        models.make(args.shape, args.folder, "bfloat16")
        print(f"(the model: {time.perf_counter() - start:.0f} s)", flush=True)
    benchmark = Benchmark(args, found["figures"])
    for part in (part for part in PARTS if part in args.parts):
        start = time.perf_counter()
        found["sections"][part] = "\n".join(benchmark.measure(part)).strip()
        print(f"## {PARTS[part]}\n\n{found['sections'][part]}\n\n({part}: {time.perf_counter() - start:.0f} s)\n", flush=True)
        # After every part: the next one may be cut off.
        record.write_text(json.dumps(found, indent=1))
        args.output.write_text(
            f"# On a GPU\n\nThe {args.shape} shape in {benchmark.dtype}; a ratio above 1 says that we are faster.\n\n"
            + "\n\n".join(f"## {PARTS[name]}\n\n{found['sections'][name]}" for name in PARTS if name in found["sections"]) + "\n")
    print(f"{args.output}, {record}")
    if args.remove:
        shutil.rmtree(args.folder)


if __name__ == "__main__":
    main()
