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

# What goes beyond the paper, in the same double precision: one change at a time to the loss above. Its own
# generator leaves the numbers below as they are.
own = torch.Generator().manual_seed(21)
sampler = (old + 0.5 * torch.randn(old.shape, generator=own, dtype=torch.float64)).float().double()
out["grpo.sampler"] = sampler


def variant(policy, level="token", dual=None, estimate="k3", weigh=None):
    d = reference - policy
    log_ratio = policy - old
    if level == "sequence":
        log_ratio = torch.cat([part.mean().expand(len(part)) for part in torch.split(log_ratio, lengths)])
    ratio = torch.exp(log_ratio)
    spread = torch.repeat_interleave(advantages, torch.tensor(lengths))
    gain = torch.minimum(ratio * spread, torch.clamp(ratio, 1 - low, 1 + high) * spread)
    if dual is not None:
        gain = torch.where(spread < 0, torch.maximum(gain, dual * spread), gain)
    if weigh is not None:
        mode, scope, floor, ceiling = weigh
        difference = old - sampler
        if scope == "sequence":
            difference = torch.cat([part.sum().expand(len(part)) for part in torch.split(difference, lengths)])
        weight = torch.exp(difference)
        inside = (weight >= floor) & (weight <= ceiling)
        weight = weight.clamp(max=ceiling) if mode == "truncate" else torch.where(inside, weight, 0.0)
        gain = gain * weight
    divergence = {"k1": -d, "k2": d * d / 2, "k3": torch.exp(d) - d - 1, "abs": d.abs()}[estimate]
    token = beta * divergence - gain
    return torch.stack([part.mean() for part in torch.split(token, lengths)]).mean()


variants = {
    "sequence": {"level": "sequence"},
    "dual": {"dual": 1.2},
    "k1": {"estimate": "k1"},
    "k2": {"estimate": "k2"},
    "abs": {"estimate": "abs"},
    "truncate.token": {"weigh": ("truncate", "token", 0, 1.3)},
    "truncate.sequence": {"weigh": ("truncate", "sequence", 0, 1.3)},
    "mask.token": {"weigh": ("mask", "token", 0.6, 1.5)},
    "mask.sequence": {"weigh": ("mask", "sequence", 0.6, 1.5)},
}
for name, settings in variants.items():
    policy = current.clone().requires_grad_()
    value = variant(policy, **settings)
    value.backward()
    out[f"variant.{name}.loss"] = value.detach().reshape(1)
    out[f"variant.{name}.gradient"] = policy.grad
    plain = torch.autograd.grad(variant(p := current.clone().requires_grad_()), p)[0]
    assert not torch.allclose(plain, policy.grad), f"{name} changes nothing"

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
