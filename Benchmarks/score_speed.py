#!/usr/bin/env python3
"""How far reading and preprocessing hide behind the model when many images are scored.

    pip install torch transformers pillow numpy
    make build
    Benchmarks/score_speed.py --images 12

Scores drawn photographs through the whole system with a network of the 3B model's widths and two of its layers in each
half (random weights), so that the model's share is a lower bound: the 3B itself computes about 18 times as long per
image. A reference is shown with every image. Reported are the images per second of the model alone (its own limit), of
the whole, and where the time went; all numbers are of one run.
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
import torch
from PIL import Image
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.utils import logging

from score_faults import ROOT, System

BASE = ROOT / "models/demo-base"


def make_model(folder: Path, layers: int) -> None:
    """3B's widths, the demonstration's tokenizer."""
    base = json.loads((BASE / "config.json").read_text())
    special = {key: base[key] for key in ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")}
    torch.manual_seed(0)
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": 151936, "hidden_size": 2048, "num_hidden_layers": layers, "num_attention_heads": 16,
            "num_key_value_heads": 2, "intermediate_size": 11008, "max_position_embeddings": 32768, "rope_theta": 1e6,
            "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}, "tie_word_embeddings": True, **special,
        },
        vision_config={
            "depth": layers, "hidden_size": 1280, "num_heads": 16, "intermediate_size": 3420, "out_hidden_size": 2048,
            "fullatt_block_indexes": [layers - 1],
        },
        tie_word_embeddings=True, **special)
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copy(BASE / name, folder / name)
    settings = json.loads((BASE / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps(settings | {"max_pixels": 12845056}))


def make_images(folder: Path, count: int, width: int, height: int) -> None:
    folder.mkdir()
    chance = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width]
    for index in range(count):
        waves = [128 + 90 * np.sin(x / (40 + 7 * c) + index) * np.cos(y / (60 - 5 * c)) for c in range(3)]
        picture = np.stack(waves, -1) + chance.normal(0, 6, (height, width, 3))
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / f"{index:04}.jpg", quality=92)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--size", default="3000x3000")
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--max-new-tokens", type=int, default=16)
    parser.add_argument("--model", help="a model folder instead of the made one")
    parser.add_argument("--ar1", default=str(ROOT / ".build/release/ar1"))
    options = parser.parse_args()
    logging.set_verbosity_error()
    width, height = (int(side) for side in options.size.split("x"))
    folder = Path(tempfile.mkdtemp(prefix="ar1-speed-"))
    try:
        model = Path(options.model).resolve() if options.model else folder / "model"
        if not options.model:
            make_model(model, options.layers)
        make_images(folder / "images", options.images + 1, width, height)
        (folder / "images/0000.jpg").rename(folder / "reference.jpg")
        system = System(options.ar1, folder, 1)
        try:
            done = subprocess.run(
                [options.ar1, "score", "images", "--model", str(model), "--reference", "reference.jpg", "--output",
                 "scores", "--max-new-tokens", str(options.max_new_tokens), "--wait", "--json"],
                cwd=folder, capture_output=True, text=True)
            if done.returncode != 0:
                sys.exit(done.stderr)
            run = json.loads((folder / "scores/run.json").read_text())
        finally:
            system.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    parts = run["seconds_by_part"]
    total = parts["model"] + parts["waiting"]
    print(f"images                       {run['images']} of {options.size}, {run['failed']} failed")
    print(f"the model alone              {run['images'] / parts['model']:.3f} images/s")
    print(f"with reading                 {run['images'] / total:.3f} images/s")
    print(f"the model waited             {parts['waiting'] / total:.2%} of the time")
    print(f"reading, beside the model    {parts['reading'] / run['images']:.3f} s an image, {parts['reading'] / total:.2%} "
          f"of the time ({os.cpu_count()} cores)")


if __name__ == "__main__":
    main()
