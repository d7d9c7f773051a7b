"""What a pass through the decoder has to compute and to read: the operations and bytes that no program gets below."""

from dataclasses import dataclass

import models


@dataclass
class Decoder:
    """A shape's decoder with bfloat16 weights, keys and values."""

    size: str

    def __post_init__(self) -> None:
        (self.hidden, self.layers, heads, keys, _, _), _ = models.SHAPES[self.size]
        self.weights, self.head = models.language_weights(self.size)
        self.row_bytes = 2 * 2 * self.layers * keys * self.hidden // heads  # of a token's keys and values

    def forward(self, tokens: int, pairs: int, logits: int) -> float:
        """Operations of a pass; each of the pairs of tokens that see each other takes two products in every layer."""
        return 2.0 * (self.weights * tokens + self.head * logits) + 4.0 * self.hidden * self.layers * pairs

    def prompts(self, count: int, tokens: int) -> float:
        """Operations of prompts up to their first logits."""
        return self.forward(count * tokens, count * causal(tokens), count)

    def shared(self, prompt: int, group: int, answer: int) -> float:
        """Operations of a forward pass over a prompt with its answers behind it; nothing comes behind an answer's last token."""
        own = answer - 1
        return self.forward(
            prompt + group * own, causal(prompt) + group * (own * prompt + causal(own)), group * answer)

    def repeated(self, prompt: int, group: int, answer: int) -> float:
        """The same where every answer has the whole prompt."""
        length = prompt + answer - 1
        return self.forward(group * length, group * causal(length), group * answer)

    def step_bytes(self, prompts: int, prompt: int, answers: int, new_tokens: int) -> float:
        """Bytes that a step of generation reads, on average: weights and head, every prompt's keys and values once, and
        those of the answers so far."""
        rows = prompts * prompt + prompts * answers * new_tokens / 2
        return 2.0 * (self.weights + self.head) + rows * self.row_bytes


def causal(tokens: int) -> int:
    """Pairs of a token with itself and each one before."""
    return tokens * (tokens + 1) // 2
