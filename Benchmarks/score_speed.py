#!/usr/bin/env python3
"""How far reading and preprocessing hide behind the model when many images are scored.

    pip install torch safetensors pillow numpy
    make build
    Benchmarks/score_speed.py --images 12 --tokenizer FOLDER                # 3B's widths, two layers of each half
    Benchmarks/score_speed.py --images 6 --tokenizer FOLDER --size 3b       # the whole shape, 7.5 GB

Scores drawn photographs through the whole system with a network of random weights in bfloat16. With two layers the
model's share of the time is a lower bound: the 3B itself computes about 18 times as long per image. A reference is shown
with every image; what it takes is computed once by the worker, so the same pictures scored without it show how little it
costs (about as much again, if it were computed with every image). Reported are the images per second of the model alone
(its own limit), of the whole, and where the time went; all numbers are of one run. `--tokenizer` is a folder with the
published tokenizer, whose tokens mark where pictures stand.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import models
from score_faults import ROOT, System


def make_images(folder: Path, count: int, width: int, height: int) -> None:
    folder.mkdir()
    chance = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width]
    for index in range(count):
        waves = [128 + 90 * np.sin(x / (40 + 7 * c) + index) * np.cos(y / (60 - 5 * c)) for c in range(3)]
        picture = np.stack(waves, -1) + chance.normal(0, 6, (height, width, 3))
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{index:04}.jpg", quality=92)


def scored(options: argparse.Namespace, folder: Path, model: Path, output: str, *reference: str) -> dict:
    """Scores the pictures and returns what run.json tells."""
    done = subprocess.run(
        [options.ar1, "score", "images", "--model", str(model), "--dtype", options.dtype, *reference, "--output", output,
         "--max-new-tokens", str(options.max_new_tokens), "--wait", "--json"],
        cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    run = json.loads((folder / output / "run.json").read_text())
    if run["failed"]:
        rows = [json.loads(line) for line in (folder / output / "results.jsonl").read_text().splitlines()]
        sys.exit(f"{run['failed']} images failed, one of them: " + next(row["error"] for row in rows if row["error"]))
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--pixels", default="3000x3000")
    parser.add_argument("--size", choices=models.SHAPES, default="3b-slice")
    parser.add_argument("--tokenizer", type=Path, help="a folder with the published tokenizer")
    parser.add_argument("--max-new-tokens", type=int, default=16)
    parser.add_argument("--model", help="a model folder instead of the made one")
    parser.add_argument("--dtype", default="bfloat16", help="how its weights are held")
    parser.add_argument("--ar1", default=str(ROOT / ".build/release/ar1"))
    options = parser.parse_args()
    if not options.tokenizer and not options.model:
        parser.error("--tokenizer names a folder with the published tokenizer, or --model a whole model")
    width, height = (int(side) for side in options.pixels.split("x"))
    folder = Path(tempfile.mkdtemp(prefix="ar1-speed-"))
    try:
        model = Path(options.model).resolve() if options.model else folder / "model"
        if not options.model:
            models.make(options.size, model, "bfloat16", options.tokenizer)
        make_images(folder / "images", options.images + 1, width, height)
        (folder / "images/0000.jpg").rename(folder / "reference.jpg")
        system = System(options.ar1, folder, 1)
        try:
            run = scored(options, folder, model, "scores", "--reference", "reference.jpg")
            alone = scored(options, folder, model, "scores-alone")
        finally:
            system.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    parts = run["seconds_by_part"]
    total = parts["model"] + parts["waiting"]
    print(f"images                       {run['images']} of {options.pixels}, {run['failed']} failed")
    print(f"the model alone              {run['images'] / parts['model']:.3f} images/s")
    print(f"with reading                 {run['images'] / total:.3f} images/s")
    print(f"the model waited             {parts['waiting'] / total:.2%} of the time")
    print(f"reading, beside the model    {parts['reading'] / run['images']:.3f} s an image, {parts['reading'] / total:.2%} "
          f"of the time ({os.cpu_count()} cores)")
    with_reference, without = (run["seconds_by_part"]["model"] / run["images"] for run in (run, alone))
    print(f"an image of the model's time {with_reference:.2f} s with a reference, {without:.2f} s without: "
          f"{with_reference / without:.2f} times")


if __name__ == "__main__":
    main()
