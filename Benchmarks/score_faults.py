#!/usr/bin/env python3
"""Scores many drawn images with workers that are killed at random, and checks that nothing is lost or doubled.

    make build
    Benchmarks/score_faults.py --images 10000

Starts a private system in a folder of its own (removed afterwards), kills workers with SIGKILL at random moments, and
compares the results with the images: every image once, no image set aside for a death that was not its fault. A second
run over the same images shows what the cache leaves to compute.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class System:
    def __init__(self, ar1: str, folder: Path, workers: int):
        self.ar1, self.folder = ar1, folder
        self.up = subprocess.Popen(
            [ar1, "up", "--listen", "127.0.0.1:0", "--workers", str(workers), "--lease-seconds", "4",
             "--heartbeat-seconds", "1"],
            cwd=folder, stdout=open(folder / "up.out", "w"), stderr=open(folder / "up.err", "w"))
        while not (folder / ".ar1/connection.json").exists():
            if self.up.poll() is not None:
                sys.exit("ar1 up ended: " + (folder / "up.err").read_text())
            time.sleep(0.05)
        while len(self.json("workers")["workers"]) < workers + 1:
            time.sleep(0.05)

    def json(self, *arguments):
        done = subprocess.run([self.ar1, *arguments, "--json"], cwd=self.folder, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"ar1 {' '.join(arguments)}: {done.stderr}")
        return json.loads(done.stdout)

    def score(self, images: Path, output: str, shard: int) -> int:
        return self.json(
            "score", str(images), "--model", str(ROOT / "models/demo-base"), "--output", output,
            "--cache", "cache", "--max-new-tokens", "48", "--shard-size", str(shard))["id"]

    def stop(self):
        self.up.send_signal(signal.SIGTERM)
        self.up.wait(60)


def run(system: System, images: Path, output: str, shard: int, kill_every: float, seed: int) -> dict:
    """Scores to the end; kills a busy worker about every so many seconds, none with 0."""
    chance = random.Random(seed)
    started = time.time()
    job = system.score(images, output, shard)
    kills, next_kill = 0, time.time() + chance.uniform(0.5, 1.5) * kill_every
    while True:
        detail = system.json("show", str(job))
        if detail["job"]["state"] in ("succeeded", "failed", "cancelled"):
            break
        if kill_every and time.time() >= next_kill:
            # A worker that was killed before has its tasks until its lease ends.
            busy = [worker["process"] for worker in system.json("workers")["workers"]
                    if worker["tasks"] and Path(f"/proc/{worker['process']}").exists()]
            if busy:
                os.kill(chance.choice(busy), signal.SIGKILL)
                kills += 1
                next_kill = time.time() + chance.uniform(0.5, 1.5) * kill_every
        time.sleep(0.2)
    if detail["job"]["state"] != "succeeded":
        sys.exit(f"the job {detail['job']['state']}: {detail['job'].get('failure')}")
    report = next(task for task in detail["tasks"] if task["kind"] == "report")["result"]
    interruptions = sum(task["interruptions"] for task in detail["tasks"])
    rows = [json.loads(line) for line in (system.folder / output / "results.jsonl").read_text().splitlines()]
    return {"seconds": time.time() - started, "kills": kills, "interruptions": interruptions, "rows": rows,
            "report": report}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shard-size", type=int, default=256)
    parser.add_argument("--kill-every", type=float, default=8, help="seconds on average")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ar1", default=str(ROOT / ".build/release/ar1"))
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ar1-faults-"))
    try:
        subprocess.run(
            [options.ar1, "data", "generate", "--output", str(folder / "data"), "--seed", str(options.seed),
             "--training", "4", "--held-out", "4", "--inbox", str(options.images)], check=True, capture_output=True)
        images = folder / "data/inbox"
        expected = sorted(path.name for path in images.iterdir())
        system = System(options.ar1, folder, options.workers)
        try:
            first = run(system, images, "killed", options.shard_size, options.kill_every, options.seed)
            again = run(system, images, "again", options.shard_size, 0, options.seed)
        finally:
            system.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)

    found = [row["path"] for row in first["rows"]]
    problems = []
    if sorted(found) != expected:
        problems.append(f"{len(set(expected) - set(found))} missing, {len(found) - len(set(found))} doubled")
    if any(row["quarantined"] for row in first["rows"]):
        problems.append("images were set aside for deaths that were not their fault")
    if again["rows"] != first["rows"]:
        problems.append("the second run found something else")
    print(f"images                     {len(expected)}")
    print(f"workers killed             {first['kills']}, tasks interrupted {first['interruptions']}")
    print(f"rows, distinct paths       {len(found)}, {len(set(found))}")
    print(f"failed, quarantined        {first['report']['failed']}, {first['report']['quarantined']}")
    print(f"first run                  {first['seconds']:.1f} s, {len(expected) / first['seconds']:.1f} images/s")
    print(f"second run, same images    {again['seconds']:.1f} s, {again['report']['from_cache']} from the cache")
    if problems:
        sys.exit("WRONG: " + "; ".join(problems))
    print("every image once, nothing doubled, nothing lost")


if __name__ == "__main__":
    main()
