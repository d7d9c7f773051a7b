#!/usr/bin/env python3
"""Trains the demonstration's base in several ways and with several seeds and writes a table and two pictures.

    make build
    python3 Benchmarks/convergence.py --seeds 1 2 3

Writes docs/convergence.md, docs/convergence.svg and docs/convergence-answers.svg. Data, prompts, steps and the
optimizer are the demonstration's; every way differs from them in what its line below says. Each training with its
measurements takes about a minute and a half on two cores and leaves a file in the folder of runs; a training that is
there is not done again, so the study can be stopped and gone on with, or done in pieces with --ways and --seeds. Needs
Python 3.9 and nothing else.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What differs from the demonstration's training, by the name in the table.
WAYS = {
    "ROAM": {},
    "classical": {"reward": "classical"},
    "ROAM, staleness 2": {"staleness": 2},
    "SFT": {"method": "sft"},
}
BASE = "the base"

TRAINING = {
    "kind": "train", "reward": "roam", "references": 0, "question_types": ["Anomaly Detection"],
    "prompts_per_step": 16, "prompts_per_task": 16, "group_size": 8, "max_new_tokens": 48,
    "learning_rate": 0.0005, "warmup_steps": 5, "beta": 0.8, "trained_part": "language", "save_every": 1000,
}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--ar1", default=str(ROOT / ".build/release/ar1"))
parser.add_argument("--model", default=str(ROOT / "models/demo-base"))
parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
parser.add_argument("--steps", type=int, default=100)
parser.add_argument("--every", type=int, default=10, help="steps between two measurements on held-out pictures")
parser.add_argument("--runs", default=str(ROOT / ".convergence"), help="folder of the trainings done so far")
parser.add_argument("--output", default=str(ROOT / "docs"))
options = parser.parse_args()
ar1, runs = os.path.abspath(options.ar1), pathlib.Path(os.path.abspath(options.runs))


def label(way, seed):
    return f"{way.replace(', ', '-').replace(' ', '-')}-{seed}"


class Queue:
    """`ar1 up` in a folder of its own, gone when the block ends."""

    def __init__(self, folder):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def __enter__(self):
        self.up = subprocess.Popen(
            [ar1, "up", "--listen", "127.0.0.1:0"], cwd=self.folder, stdout=subprocess.DEVNULL)
        while not (self.folder / ".ar1/connection.json").exists():
            if self.up.poll() is not None:
                raise SystemExit("ar1 up ended")
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.up.send_signal(signal.SIGINT)
        self.up.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *arguments):
        done = subprocess.run([ar1, *arguments], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"ar1 {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def job(self, settings):
        """Submits a job and waits for its end; the seconds it took."""
        (self.folder / "job.yaml").write_text(json.dumps(settings))  # JSON is YAML
        number = str(json.loads(self.run("submit", "job.yaml", "--json"))["id"])
        self.run("wait", number)
        record = json.loads(self.run("show", number, "--json"))["job"]
        return record["finished_at"] - record["started_at"]

    def evaluate(self, model, data):
        self.job({
            "kind": "eval", "model": model, "data": data, "output": f"{self.folder}/eval", "references": 0,
            "max_new_tokens": 48, "shard_size": 512, "question_types": ["Anomaly Detection"]})
        report = json.loads((self.folder / "eval/report.json").read_text())
        return report["strict"]["Average"]["Anomaly Detection"], report["conclusion_agreement"]


def train(way, seed):
    name = label(way, seed)
    done = runs / f"{name}.json"
    if done.exists():
        return
    with Queue(runs / f"{name}.queue") as queue:
        queue.run("data", "generate", "--output", "data", "--seed", str(seed))
        data = str(queue.folder / "data")
        if way == BASE:
            accuracy, agreement = queue.evaluate(options.model, data + "/heldout")
            record = {"accuracy": accuracy, "agreement": agreement}
        else:
            seconds = queue.job({
                **TRAINING, "model": options.model, "data": data + "/train", "output": str(queue.folder / "run"),
                "steps": options.steps, "seed": seed,
                "validation": {"data": data + "/heldout", "every": options.every}, **WAYS[way]})
            accuracy, agreement = queue.evaluate(str(queue.folder / "run/model"), data + "/heldout")
            metrics = (queue.folder / "run/metrics.jsonl").read_text()
            (runs / f"{name}.metrics.jsonl").write_text(metrics)
            steps = [json.loads(line) for line in metrics.splitlines()]
            flat = [step["groups/zero_variance"] for step in steps if "groups/zero_variance" in step]
            record = {
                "accuracy": accuracy, "agreement": agreement, "flat": statistics.mean(flat) if flat else None,
                "seconds": seconds, "best": max(s.get("validation/accuracy", 0) for s in steps),
                "gap": statistics.mean(s.get("sampler/gap", 0) for s in steps)}
        done.write_text(json.dumps(record))
        print(name, record, flush=True)


def percent(value, digits=1):
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def report():
    """Writes the page from all trainings that are there."""
    found = {}
    for way in [BASE, *WAYS]:
        for path in sorted(runs.glob(f"{label(way, '*')}.json")):
            seed = path.stem.rsplit("-", 1)[1]
            if seed.isdigit() and label(way, seed) == path.stem:
                found[way, int(seed)] = json.loads(path.read_text())
    seeds = sorted({seed for _, seed in found})
    curves = [(way, seed) for way in WAYS for seed in seeds if (way, seed) in found]
    if not curves:
        return
    for metric, title, file, smooth in [
        ("validation/accuracy", "accuracy on held-out pictures", "convergence.svg", 1),
        ("answers/right", "share of right answers among those drawn, mean of 10 steps", "convergence-answers.svg", 10),
    ]:
        shown = [(w, s) for w, s in curves if w != "SFT" or metric.startswith("validation")]
        subprocess.run(
            [ar1, "plot", *[f"{w}={runs}/{label(w, s)}.metrics.jsonl" for w, s in shown], "--metric", metric,
             "--smooth", str(smooth), "--title", title, "--output", f"{options.output}/{file}"], check=True)
    page = pathlib.Path(options.output) / "convergence.md"
    words = page.read_text().split("<!-- words -->")[-1] if page.exists() else "\n"
    lines = [
        "# What the demonstration's data says about rewards and methods", "",
        f"`python3 Benchmarks/convergence.py --seeds {' '.join(map(str, seeds))}`: {options.steps} steps of the "
        "demonstration's training for each row, measured on its held-out Anomaly Detection questions (160 pictures of "
        "each seed, balanced accuracy, greedy replies). *Agrees*: replies whose reasoning concludes on their answer. "
        "*Flat*: groups whose answers all earned the same, mean over the steps. *Best*: the highest accuracy of the "
        f"measurements every {options.every} steps.", "",
        "| seed | trained by | Anomaly Detection | best | agrees | flat groups | seconds |", "|---|---|---|---|---|---|---|"]
    for (way, seed), run in sorted(found.items(), key=lambda item: item[0][1]):
        seconds = f"{run['seconds']:.0f}" if "seconds" in run else "–"
        lines.append(
            f"| {seed} | {way} | {run['accuracy']:.1f} % | {percent(run.get('best'))} | {percent(run['agreement'])} | "
            f"{percent(run.get('flat'))} | {seconds} |")
    lines += ["", "Means over the seeds, and the range:", "", "| trained by | Anomaly Detection | agrees |", "|---|---|---|"]
    for way in [BASE, *WAYS]:
        of = [run for (name, _), run in found.items() if name == way]
        if of:
            accuracy = [run["accuracy"] for run in of]
            agrees = [run["agreement"] for run in of if run["agreement"] is not None]
            lines.append(
                f"| {way} | {statistics.mean(accuracy):.1f} % ({min(accuracy):.1f} to {max(accuracy):.1f}) | "
                f"{percent(statistics.mean(agrees)) if agrees else '–'} |")
    lines += [
        "", "![accuracy on held-out pictures by step](convergence.svg)", "",
        "![share of right answers among those drawn](convergence-answers.svg)", "", "<!-- words -->"]
    page.write_text("\n".join(lines) + words)
    print(page)


runs.mkdir(parents=True, exist_ok=True)
pathlib.Path(options.output).mkdir(parents=True, exist_ok=True)
for seed in options.seeds:
    for way in [BASE, *options.ways]:
        train(way, seed)
report()
