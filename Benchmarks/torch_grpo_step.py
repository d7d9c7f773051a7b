"""One GRPO step of the same work in torch and transformers, timed phase by phase; prints one JSON line.

`--prefix repeated` gives every answer a row with the whole prompt and its image, as trainers built on padded
batches do. `--prefix shared` computes the prompt once, for sampling and for learning: the answers lie behind it
in one row, and a mask lets each see the prompt and itself.
"""

import argparse
import copy
import json
import resource
import statistics
import time

import torch
from torch.nn import functional
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.utils import logging

VISION = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")


class Work:
    """The prompt, and both ways to sample its answers and to get their log-probabilities."""

    def __init__(self, config, image: int, text_tokens: int, seed: int) -> None:
        lots = torch.Generator().manual_seed(seed)
        text = torch.randint(0, config.text_config.vocab_size // 2, (1, text_tokens), generator=lots)
        tokens = (image // 28) ** 2
        head = [config.vision_start_token_id] + [config.image_token_id] * tokens + [config.vision_end_token_id]
        self.ids = torch.cat([torch.tensor([head]), text], dim=1)
        self.kinds = (self.ids == config.image_token_id).int()
        side = image // 14
        self.pixels = torch.randn(side * side, 1176, generator=lots)
        self.grid = torch.tensor([[1, side, side]])
        self.mute = torch.zeros(config.text_config.vocab_size)
        # A random network draws image tokens too, which transformers would then look for images of.
        self.mute[[getattr(config, name) for name in VISION]] = -torch.inf

    def rows(self, count: int, answers: torch.Tensor | None = None) -> dict:
        ids, kinds = self.ids.repeat(count, 1), self.kinds.repeat(count, 1)
        if answers is not None:
            ids = torch.cat([ids, answers], dim=1)
            kinds = functional.pad(kinds, (0, answers.shape[1]))
        return {
            "input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": kinds,
            "pixel_values": self.pixels.repeat(count, 1), "image_grid_thw": self.grid.repeat(count, 1),
        }

    @torch.no_grad()
    def sample(self, model, count: int, length: int, shared: bool) -> torch.Tensor:
        model.model.rope_deltas = None
        out = model(**self.rows(1 if shared else count), use_cache=True, logits_to_keep=1)
        cache = out.past_key_values
        if shared:
            cache.batch_repeat_interleave(count)
        scores = out.logits[:, -1].expand(count, -1)
        drawn = []
        while True:
            drawn.append(torch.multinomial((scores + self.mute).softmax(-1), 1))
            if len(drawn) == length:
                return torch.cat(drawn, dim=1)
            scores = model(input_ids=drawn[-1], past_key_values=cache, use_cache=True).logits[:, -1]

    def repeated(self, model, answers: torch.Tensor) -> torch.Tensor:
        count, length = answers.shape
        out = model(**self.rows(count, answers), use_cache=False, logits_to_keep=length + 1)
        return picked(out.logits[:, :-1], answers)

    def shared(self, model, answers: torch.Tensor) -> torch.Tensor:
        count, length = answers.shape
        inner, start = model.model, self.ids.shape[1]
        ids = torch.cat([self.ids, answers.reshape(1, -1)], dim=1)
        x = inner.get_input_embeddings()(ids)
        image = torch.cat(inner.get_image_features(self.pixels, self.grid).pooler_output)
        where = functional.pad(self.kinds.bool(), (0, answers.numel())).unsqueeze(-1).expand_as(x)
        x = x.masked_scatter(where, image.to(x.dtype))
        places, _ = inner.get_rope_index(self.ids, self.kinds, image_grid_thw=self.grid)
        behind = places.max() + 1 + torch.arange(length).repeat(count)
        places = torch.cat([places, behind.expand(3, 1, -1)], dim=2)
        owner = torch.cat([torch.full((start,), -1), torch.arange(count).repeat_interleave(length)])
        sees = (owner[None] == -1) | (owner[None] == owner[:, None])
        sees &= torch.ones(len(owner), len(owner), dtype=torch.bool).tril()
        hidden = inner.language_model(
            inputs_embeds=x, position_ids=places, attention_mask={"full_attention": sees[None, None]},
            use_cache=False,
        ).last_hidden_state[0]
        before = hidden[start - 1].expand(count, 1, -1)
        own = hidden[start:].view(count, length, -1)[:, :-1]
        return picked(model.lm_head(torch.cat([before, own], dim=1)), answers)


def picked(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return -functional.cross_entropy(logits.flatten(0, 1), ids.flatten(), reduction="none").view_as(ids)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--prefix", choices=("shared", "repeated"), required=True)
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
    torch.manual_seed(0)
    logging.disable_progress_bar()
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(args.model, dtype=torch.float32)
    reference = copy.deepcopy(model).eval().requires_grad_(False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-7, weight_decay=0)
    work = Work(model.config, args.image, args.text_tokens, seed=1)
    shared = args.prefix == "shared"
    probabilities = work.shared if shared else work.repeated
    runs = []
    for number in range(args.warmup + args.steps):
        marks = [time.perf_counter()]
        answers = work.sample(model.eval(), args.group, args.completion, shared)
        marks.append(time.perf_counter())
        rewards = torch.tensor([(i * 5 + number) % args.group / args.group for i in range(args.group)])
        advantages = ((rewards - rewards.mean()) / (rewards.std() + 1e-4))[:, None]
        with torch.no_grad():
            anchor = probabilities(reference, answers)
        marks.append(time.perf_counter())
        current = probabilities(model.train(), answers)
        ratio = (current - current.detach()).exp()
        gain = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
        gap = anchor - current
        loss = (args.beta * (gap.exp() - gap - 1) - gain).mean()
        marks.append(time.perf_counter())
        loss.backward()
        marks.append(time.perf_counter())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        marks.append(time.perf_counter())
        names = ("generation", "reference", "forward", "backward", "optimizer")
        phases = {name: later - earlier for name, earlier, later in zip(names, marks, marks[1:])}
        if number >= args.warmup:
            runs.append(phases | {"training": marks[-1] - marks[1], "step": marks[-1] - marks[0]})
    seconds = {f"{name}_seconds": statistics.median(run[name] for run in runs) for name in runs[0]}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"prompt_tokens": work.ids.shape[1], **seconds, "peak_rss_gb": peak}))


if __name__ == "__main__":
    main()
