"""One GRPO step of the same work by TRL's trainer, timed from step to step; prints one JSON line.

The trainer gets the model folder, an image of noise, as many text tokens and answers of full length; its rewards are drawn
by lot. What it does between two optimizer steps is one step: sampling, the reference policy, learning.
"""

import argparse
import contextlib
import json
import random
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
import trl
from datasets import Dataset
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AutoConfig, PreTrainedTokenizerFast, Qwen2_5_VLProcessor, TrainerCallback
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

VISION = {
    "image_token_id": "<|image_pad|>", "video_token_id": "<|video_pad|>",
    "vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>",
}
TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endfor %}"
)


class ImageProcessor(Qwen2_5_VLProcessor):
    """The processor without its video half, for which torchvision would have to be installed."""

    def __init__(self, image_processor=None, tokenizer=None, chat_template=None) -> None:
        super().__init__(image_processor, tokenizer, None, chat_template=chat_template)


def words(config) -> PreTrainedTokenizerFast:
    """A tokenizer of one word a token, for a model whose vocabulary belongs to no published one."""
    size = config.text_config.vocab_size
    names = {f"w{index}": index for index in range(size)}
    for field, token in VISION.items():
        index = getattr(config, field)
        names.pop(f"w{index}")
        names[token] = index
    core = Tokenizer(models.WordLevel(names, unk_token="w0"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="w0", eos_token="w1", padding_side="left",
        additional_special_tokens=list(VISION.values()))
    for name, token in (("image_token", "<|image_pad|>"), ("video_token", "<|video_pad|>")):
        setattr(tokenizer, name, token)
    return tokenizer


class Steps(TrainerCallback):
    """The moments at which optimizer steps end."""

    def __init__(self) -> None:
        self.ends = []

    def on_train_begin(self, *_, **__) -> None:
        self.ends.append(time.perf_counter())

    def on_step_end(self, *_, **__) -> None:
        self.ends.append(time.perf_counter())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--image", type=int, default=448)
    parser.add_argument("--text-tokens", type=int, default=128)
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--completion", type=int, default=64)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--beta", type=float, default=0.04)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    lots = random.Random(1)
    config = AutoConfig.from_pretrained(args.model)
    tokenizer = words(config)
    steps = args.warmup + args.steps
    noise = [Image.frombytes("RGB", (args.image, args.image), lots.randbytes(3 * args.image**2)) for _ in range(steps)]
    text = " " + " ".join(f"w{lots.randrange(2, 1000)}" for _ in range(args.text_tokens))
    rows = Dataset.from_list([{"prompt": [{"role": "user", "content": text}], "images": [image]} for image in noise])
    clock = Steps()
    lengths: list[int] = []

    def reward(completion_ids, **_) -> list[float]:
        lengths.extend(len(ids) for ids in completion_ids)
        return [lots.random() for _ in completion_ids]

    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(sys.stderr):
        trainer = trl.GRPOTrainer(
            model=str(args.model), reward_funcs=reward, train_dataset=rows, callbacks=[clock],
            processing_class=ImageProcessor(Qwen2VLImageProcessorPil(), tokenizer, chat_template=TEMPLATE),
            args=trl.GRPOConfig(
                output_dir=scratch, use_cpu=True, bf16=False, model_init_kwargs={"dtype": "float32"},
                per_device_train_batch_size=args.group, num_generations=args.group, max_completion_length=args.completion,
                generation_kwargs={
                    "min_new_tokens": args.completion,
                    "suppress_tokens": [getattr(config, field) for field in VISION],
                },
                temperature=1.0, top_p=1.0, top_k=0, beta=args.beta, loss_type="grpo", learning_rate=5e-7,
                lr_scheduler_type="constant", gradient_checkpointing=False, max_steps=steps, save_strategy="no",
                logging_strategy="no", report_to="none", disable_tqdm=True, dataloader_pin_memory=False, seed=0))
        trainer.train()
    if set(lengths) != {args.completion}:
        sys.exit(f"answers of {sorted(set(lengths))} tokens where {args.completion} were asked for")
    seconds = [after - before for before, after in zip(clock.ends, clock.ends[1:])][args.warmup :]
    print(json.dumps({
        "step_seconds": statistics.median(seconds), "peak_rss_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "trl": trl.__version__,
    }))


if __name__ == "__main__":
    main()
