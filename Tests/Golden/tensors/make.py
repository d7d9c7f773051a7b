"""Makes operations.safetensors with PyTorch: inputs and results of single operations.

    python3 make.py

The file holds float32, bfloat16, float16 and int64 tensors, so that reading it is a test of the reader too.
"""

import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(5)
out = {}

x = torch.cat([torch.randn(60) * 3, torch.tensor([0.0, -90.0, 90.0, 1e-3])])
out["x"] = x
out["gelu"] = torch.nn.functional.gelu(x)
out["silu"] = torch.nn.functional.silu(x)
out["exp"] = torch.exp(x.clamp(max=80))
out["bfloat16"] = x.to(torch.bfloat16)
out["bfloat16_as_float"] = x.to(torch.bfloat16).float()
half = torch.cat([x, torch.tensor([6e-8, -3e-5, 65504.0, float("inf")])])
out["float16"] = half.to(torch.float16)
out["float16_as_float"] = half.to(torch.float16).float()

logits = torch.randn(6, 1000) * 20
targets = torch.randint(0, 1000, (6,))
out["logits"], out["targets"] = logits, targets
out["token_log_probabilities"] = torch.log_softmax(logits, -1).gather(1, targets[:, None])[:, 0]

parameter = torch.nn.Parameter(torch.randn(37))
out["parameter"] = parameter.detach().clone()
optimizer = torch.optim.AdamW([parameter], lr=3e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
gradients = torch.randn(4, 37) * torch.tensor([1e-6, 1.0, 10.0, 0.1])[:, None]
out["gradients"] = gradients
for gradient in gradients:
    parameter.grad = gradient.clone()
    optimizer.step()
out["parameter_after"] = parameter.detach().clone()

save_file(out, pathlib.Path(__file__).parent / "operations.safetensors", metadata={"torch": torch.__version__})
