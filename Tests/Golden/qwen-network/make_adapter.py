"""Makes adapter/ and adapter-one-layer/ beside it: random LoRA adapters of the golden model as PEFT saves them, of all its
layers and of the last alone, and what PEFT computes with them.

    python3 make_adapter.py        (torch, transformers 5 and peft; after make.py)
"""

import json

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import Qwen2_5_VLForConditionalGeneration

from make import COMPLETIONS, HERE, inputs, logprobs

FOLDER = HERE / "adapter"
ONE_LAYER = HERE / "adapter-one-layer"
# The vision tower has projections of the same names.
TARGETS = r".*language_model\.layers\.\d+\.(self_attn|mlp)\.(q_proj|v_proj|o_proj|gate_proj|down_proj)"


def adapted(**settings):
    base = Qwen2_5_VLForConditionalGeneration.from_pretrained(HERE / "model", dtype=torch.float32).eval()
    model = get_peft_model(base, LoraConfig(r=3, lora_alpha=5, bias="none", **settings)).eval()
    torch.manual_seed(9)
    trained = [p for n, p in model.named_parameters() if "lora_" in n]
    for parameter in trained:
        parameter.data.copy_(torch.randn(parameter.shape) * 0.3)
    return base, model


def logits(base) -> torch.Tensor:
    base.model.rope_deltas = None
    with torch.no_grad():
        return base(**inputs([]), use_cache=False).logits[0]


def tidy(folder) -> None:
    (folder / "README.md").unlink(missing_ok=True)
    settings = folder / "adapter_config.json"
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"base_model_name_or_path": "model"}, indent=1) + "\n")


def one_layer() -> None:
    base, model = adapted(target_modules=["q_proj", "v_proj"], layers_to_transform=[1])
    model.save_pretrained(ONE_LAYER)
    save_file({"logits": logits(base).contiguous()}, ONE_LAYER / "expected.safetensors")
    tidy(ONE_LAYER)


def main() -> None:
    base, model = adapted(target_modules=TARGETS)
    model.save_pretrained(FOLDER)

    current = torch.cat([logprobs(base, completion) for completion in COMPLETIONS])
    (current * torch.arange(1, 7) / 4).sum().backward()
    expected = {"logprobs": current.detach()}
    saved = load_file(FOLDER / "adapter_model.safetensors")
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            stored = name.replace(".default", "")
            assert torch.equal(saved[stored], parameter)
            expected[f"grad.{stored}"] = parameter.grad
    expected["logits"] = logits(base)
    save_file({k: v.contiguous() for k, v in expected.items()}, FOLDER / "expected.safetensors")
    tidy(FOLDER)
    one_layer()


if __name__ == "__main__":
    main()
