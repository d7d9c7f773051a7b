"""Makes shaping.json beside it: distributions of the next token after transformers' logits processors.

    python3 make_shaping.py        (torch and transformers 5)
"""

import json
from pathlib import Path

import torch
from transformers.generation.logits_process import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

# temperature, top_k, top_p, min_p, repetition_penalty
CASES = [
    (1.0, 7, None, None, 1.0),
    (0.7, None, 0.8, None, 1.0),
    (1.6, None, None, 0.2, 1.0),
    (1.3, 12, 0.6, 0.1, 1.0),
    (1.0, None, None, None, 1.4),
    (0.9, 20, 0.95, 0.05, 0.8),
    (2.0, 1, None, None, 1.0),
    (1.0, None, 1e-6, None, 1.1),
]


def main() -> None:
    torch.manual_seed(3)
    cases = []
    for temperature, top_k, top_p, min_p, penalty in CASES:
        logits = (torch.randn(32) * 2).tolist()
        occurred = torch.randint(0, 32, (9,)).tolist()
        steps = LogitsProcessorList()
        if penalty != 1:
            steps.append(RepetitionPenaltyLogitsProcessor(penalty))
        if temperature != 1:
            steps.append(TemperatureLogitsWarper(temperature))
        if top_k is not None:
            steps.append(TopKLogitsWarper(top_k))
        if top_p is not None:
            steps.append(TopPLogitsWarper(top_p))
        if min_p is not None:
            steps.append(MinPLogitsWarper(min_p))
        scores = steps(torch.tensor([occurred]), torch.tensor([logits]))
        cases.append(
            dict(
                temperature=temperature,
                top_k=top_k,
                top_p=top_p,
                min_p=min_p,
                repetition_penalty=penalty,
                logits=logits,
                occurred=occurred,
                probabilities=scores.softmax(-1)[0].tolist(),
            )
        )
    (Path(__file__).parent / "shaping.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
