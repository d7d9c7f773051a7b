"""Makes expected.safetensors: the GRPO loss, AdamW and group advantages as torch computes them.

python3 make.py        (torch 2.13, safetensors)
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(20)
out = {}

# The objective, written down from the paper's equations 1 to 6 in double precision: four answers.
lengths = [3, 1, 5, 2]
current = (-torch.rand(sum(lengths), dtype=torch.float64) * 3 - 0.05).float().double()
old = (current + 0.4 * torch.randn_like(current)).float().double()
reference = (current + 0.5 * torch.randn_like(current)).float().double()
advantages = torch.tensor([1.3, -0.7, -1.1, 0.5], dtype=torch.float32).double()
low, high, beta, longest = 0.2, 0.28, 0.04, 8
out["grpo.lengths"] = torch.tensor(lengths, dtype=torch.int64)
out["grpo.current"], out["grpo.old"], out["grpo.reference"] = current, old, reference
out["grpo.advantages"] = advantages


def loss(policy, reduction):
    ratio = torch.exp(policy - old)
    spread = torch.repeat_interleave(advantages, torch.tensor(lengths))
    gain = torch.minimum(ratio * spread, torch.clamp(ratio, 1 - low, 1 + high) * spread)
    d = reference - policy
    token = beta * (torch.exp(d) - d - 1) - gain
    parts = torch.split(token, lengths)
    if reduction == "grpo":
        return torch.stack([part.mean() for part in parts]).mean()
    if reduction in ("dapo", "bnpo"):
        return token.mean()
    return token.sum() / (len(lengths) * longest)


for reduction in ("grpo", "dapo", "bnpo", "dr_grpo"):
    policy = current.clone().requires_grad_()
    value = loss(policy, reduction)
    value.backward()
    out[f"grpo.{reduction}.loss"] = value.detach().reshape(1)
    out[f"grpo.{reduction}.gradient"] = policy.grad

# AdamW: five steps with clipping to norm 1; the matrix decays, the vector does not.
matrix = torch.randn(3, 4).requires_grad_()
vector = torch.randn(4).requires_grad_()
out["adamw.matrix.0"], out["adamw.vector.0"] = matrix.detach().clone(), vector.detach().clone()
optimizer = torch.optim.AdamW(
    [{"params": [matrix], "weight_decay": 0.1}, {"params": [vector], "weight_decay": 0.0}],
    lr=1e-2, betas=(0.9, 0.99), eps=1e-8)
for step in range(1, 6):
    rate = 1e-2 * (1 - (step - 1) / 10)
    for group in optimizer.param_groups:
        group["lr"] = rate
    matrix.grad, vector.grad = torch.randn(3, 4) * step / 4, torch.randn(4) * step / 4
    out[f"adamw.matrix.gradient.{step}"] = matrix.grad.clone()
    out[f"adamw.vector.gradient.{step}"] = vector.grad.clone()
    out[f"adamw.norm.{step}"] = torch.nn.utils.clip_grad_norm_([matrix, vector], 1.0).reshape(1)
    optimizer.step()
    out[f"adamw.matrix.{step}"], out[f"adamw.vector.{step}"] = matrix.detach().clone(), vector.detach().clone()

# Advantages.
rewards = torch.tensor([1.0, 0.1, 0.0, 0.8, 1.0, 0.05, 0.1, 0.0], dtype=torch.float64)
centred = rewards - rewards.mean()
out["advantages.rewards"] = rewards
out["advantages.paper"] = centred / (rewards.std() + 1e-4)
out["advantages.population"] = centred / (rewards.std(unbiased=False) + 1e-2)
out["advantages.centred"] = centred

save_file(
    {name: value if value.dtype == torch.int64 else value.float().contiguous() for name, value in out.items()},
    "expected.safetensors")
