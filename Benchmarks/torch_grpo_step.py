"""One GRPO step of the same work in torch and transformers, timed phase by phase; prints one JSON line.

`--prefix repeated` gives every answer a row with the whole prompt and its image, as trainers built on padded
batches do. `--prefix shared` computes the prompt once, for sampling and for learning: the answers lie behind it
in one row, and a mask lets each see the prompt and itself.

All answers of all prompts are sampled together and learnt from `--rows` at a time, or as many as fit in a GPU's memory.
With `--seconds` learning ends with the first rows behind that time and is taken to go on at that rate: all rows are alike.
"""

import argparse
import copy
import json
import resource
import statistics
import time
from collections import defaultdict

import torch
from torch.nn import functional
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.utils import logging

VISION = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")


class Work:
    """A prompt, and both ways to get the log-probabilities of its answers."""

    def __init__(self, config, width: int, height: int, text_tokens: int, lots: torch.Generator, device: str) -> None:
        text = torch.randint(0, config.text_config.vocab_size // 2, (1, text_tokens), generator=lots)
        tokens = (width // 28) * (height // 28)
        head = [config.vision_start_token_id] + [config.image_token_id] * tokens + [config.vision_end_token_id]
        self.ids = (torch.cat([torch.tensor([head]), text], dim=1) if tokens else text).to(device)
        self.kinds = (self.ids == config.image_token_id).int()
        self.pixels = torch.randn(height // 14 * (width // 14), 1176, generator=lots).to(device)
        self.grid = torch.tensor([[1, height // 14, width // 14]], device=device)

    def rows(self, count: int, answers: torch.Tensor | None = None) -> dict:
        ids, kinds = self.ids.repeat(count, 1), self.kinds.repeat(count, 1)
        if answers is not None:
            ids = torch.cat([ids, answers], dim=1)
            kinds = functional.pad(kinds, (0, answers.shape[1]))
        found = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": kinds}
        if len(self.pixels):
            found |= {"pixel_values": self.pixels.repeat(count, 1), "image_grid_thw": self.grid.repeat(count, 1)}
        return found

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
        behind = places.max() + 1 + torch.arange(length, device=ids.device).repeat(count)
        places = torch.cat([places, behind.expand(3, 1, -1)], dim=2)
        owner = torch.cat([torch.full((start,), -1), torch.arange(count).repeat_interleave(length)]).to(ids.device)
        sees = (owner[None] == -1) | (owner[None] == owner[:, None])
        sees &= torch.ones_like(sees).tril()
        hidden = inner.language_model(
            inputs_embeds=x, position_ids=places, attention_mask={"full_attention": sees[None, None]},
            use_cache=False,
        ).last_hidden_state[0]
        before = hidden[start - 1].expand(count, 1, -1)
        own = hidden[start:].view(count, length, -1)[:, :-1]
        return picked(model.lm_head(torch.cat([before, own], dim=1)), answers)


def picked(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    return -functional.cross_entropy(logits.flatten(0, 1).float(), ids.flatten(), reduction="none").view_as(ids)


@torch.no_grad()
def sample(model, works: list[Work], count: int, length: int, shared: bool) -> list[torch.Tensor]:
    """For every prompt its answers, a row each."""
    inputs = [work.rows(1 if shared else count) for work in works]
    model.model.rope_deltas = None
    out = model(**{name: torch.cat([i[name] for i in inputs]) for name in inputs[0]}, use_cache=True, logits_to_keep=1)
    cache = out.past_key_values
    scores = out.logits[:, -1]
    if shared:
        cache.batch_repeat_interleave(count)
        scores = scores.repeat_interleave(count, 0)
    # A random network draws image tokens too, which transformers would then look for images of.
    mute = torch.zeros(scores.shape[1], device=scores.device)
    mute[[getattr(model.config, name) for name in VISION]] = -torch.inf
    drawn = []
    while True:
        drawn.append(torch.multinomial((scores.float() + mute).softmax(-1), 1))
        if len(drawn) == length:
            return list(torch.cat(drawn, dim=1).split(count))
        scores = model(input_ids=drawn[-1], past_key_values=cache, use_cache=True).logits[:, -1]


class Phases:
    """Seconds by phase; each ends when a GPU has done what it was asked."""

    def __init__(self, device: str) -> None:
        self.gpu = device.startswith("cuda")
        self.seconds: dict[str, float] = defaultdict(float)
        self.last = 0.0
        self.restart()

    def restart(self) -> None:
        if self.gpu:
            torch.cuda.synchronize()
        self.last = time.perf_counter()

    def end(self, name: str) -> None:
        before = self.last
        self.restart()
        self.seconds[name] += self.last - before


class Step:
    """GRPO steps of one policy; `run` takes one on the given prompts."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.shared, self.device = args, args.prefix == "shared", args.device
        model = Qwen2_5_VLForConditionalGeneration.from_pretrained(args.model, dtype=getattr(torch, args.dtype))
        self.model = model.to(self.device)
        if args.train == "language":
            self.model.model.visual.requires_grad_(False)
        self.reference = self.optimizer = None
        if not args.passes_only:
            trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
            self.reference = copy.deepcopy(model).eval().requires_grad_(False) if args.beta > 0 else None
            self.optimizer = torch.optim.AdamW(trained, lr=5e-7, weight_decay=0, fused=self.device != "cpu")
        self.lots = torch.Generator().manual_seed(1)
        self.rows = args.group if self.shared else args.rows or args.group
        self.at_once = args.prompts
        self.vision_seconds = 0.0
        model.model.visual.register_forward_pre_hook(lambda *_: self.vision_starts())
        model.model.visual.register_forward_hook(lambda *_: self.vision_ends())

    def vision_starts(self) -> None:
        self.vision = Phases(self.device)

    def vision_ends(self) -> None:
        self.vision.end("vision")
        self.vision_seconds += self.vision.seconds["vision"]

    def prompts(self, count: int) -> list[Work]:
        height = self.args.image if self.args.image_height is None else self.args.image_height
        return [
            Work(self.model.config, self.args.image, height, self.args.text_tokens, self.lots, self.device)
            for _ in range(count)
        ]

    def answers(self, works: list[Work]) -> list[torch.Tensor]:
        shape = (self.args.group, self.args.completion)
        if self.args.passes_only:
            vocabulary = self.model.config.text_config.vocab_size // 2
            return [torch.randint(0, vocabulary, shape, generator=self.lots).to(self.device) for _ in works]
        found = []
        while len(found) < len(works):
            try:
                found += sample(self.model.eval(), works[len(found) :][: self.at_once], *shape, self.shared)
            except torch.OutOfMemoryError:
                if self.at_once == 1:
                    raise
                self.at_once = (self.at_once + 1) // 2
                torch.cuda.empty_cache()
        return found

    def learn(self, work: Work, answers: torch.Tensor, advantages: torch.Tensor, count: int, phases: Phases) -> None:
        """Adds the gradient of some answers' share in a step of `count` answers."""
        probabilities = work.shared if self.shared else work.repeated
        anchor = None
        if self.reference is not None:
            with torch.no_grad():
                anchor = probabilities(self.reference, answers)
            phases.end("reference")
        current = probabilities(self.model.train(), answers)
        ratio = (current - current.detach()).exp()
        gain = torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
        loss = -gain
        if anchor is not None:
            gap = anchor - current
            loss = self.args.beta * (gap.exp() - gap - 1) - gain
        loss = loss.mean(1).sum() / count
        phases.end("forward")
        loss.backward()
        phases.end("backward")

    def learn_what_fits(self, work: Work, answers: torch.Tensor, advantages: torch.Tensor, count: int, phases: Phases) -> int:
        """The first rows of the answers, as many as fit; their number."""
        while True:
            rows = min(self.rows, len(answers))
            try:
                self.learn(work, answers[:rows], advantages[:rows], count, phases)
                return rows
            except torch.OutOfMemoryError:
                if rows == 1 or self.shared:
                    raise
            self.rows = (rows + 1) // 2
            # What the failed rows took is not to be counted, nor is what they left behind of use.
            torch.cuda.empty_cache()
            phases.restart()

    def run(self, number: int, prompts: int) -> dict[str, float]:
        works, group = self.prompts(prompts), self.args.group
        rewards = torch.tensor([(i * 5 + number) % group / group for i in range(group)], device=self.device)
        advantages = ((rewards - rewards.mean()) / (rewards.std() + 1e-4))[:, None]
        self.vision_seconds = 0.0
        phases = Phases(self.device)
        answers = self.answers(works)
        phases.end("generation")
        sampled = phases.seconds.pop("generation")
        sampled_vision, self.vision_seconds = self.vision_seconds, 0.0
        started, learnt = phases.last, 0
        for work, rows in zip(works, answers):
            while len(rows) and (not self.args.seconds or phases.last - started < self.args.seconds):
                taken = self.learn_what_fits(work, rows, advantages[-len(rows) :], prompts * group, phases)
                rows = rows[taken:]
                learnt += taken
        missing = prompts * group / learnt
        seconds = {name: value * missing for name, value in phases.seconds.items()}
        if self.optimizer is not None:
            phases.restart()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            phases.end("optimizer")
            seconds["optimizer"] = phases.seconds["optimizer"]
        self.model.zero_grad()
        training = sum(seconds.values())
        return {
            "generation": sampled, **seconds, "training": training, "step": training + sampled,
            "vision": sampled_vision + self.vision_seconds * missing, "learnt_rows": learnt,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--prefix", choices=("shared", "repeated"), required=True)
    parser.add_argument("--image", type=int, default=448, help="its side, or its width; 0 leaves it out")
    parser.add_argument("--image-height", type=int)
    parser.add_argument("--text-tokens", type=int, default=128)
    parser.add_argument("--prompts", type=int, default=1, help="different ones of a step")
    parser.add_argument("--group", type=int, default=8)
    parser.add_argument("--completion", type=int, default=64)
    parser.add_argument("--rows", type=int, default=0, help="answers learnt from together; 0: a group, or what of it fits")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32", help="of weights, gradients and moments")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--train", choices=("all", "language"), default="all")
    parser.add_argument("--passes-only", action="store_true", help="forward and backward passes alone, of answers drawn by lot")
    parser.add_argument("--seconds", type=float, default=0, help="of learning in a step; 0 sets no limit")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--warmup", type=int, default=1, help="steps before, each on one prompt")
    parser.add_argument("--beta", type=float, default=0.04)
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    logging.disable_progress_bar()
    step = Step(args)
    for number in range(args.warmup):
        step.run(number, 1)
    runs = [step.run(args.warmup + number, args.prompts) for number in range(args.steps)]
    found = {
        "prompt_tokens": step.prompts(1)[0].ids.shape[1], "rows": step.rows, "prompts_sampled_together": step.at_once,
        "learnt_rows": runs[-1].pop("learnt_rows"), "all_rows": args.prompts * args.group,
    }
    found |= {f"{name}_seconds": statistics.median(run[name] for run in runs) for name in runs[-1]}
    found["peak_rss_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if args.device != "cpu":
        found["peak_device_gb"] = torch.cuda.max_memory_allocated() / 2**30
    print(json.dumps(found))


if __name__ == "__main__":
    main()
