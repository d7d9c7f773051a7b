"""Makes the golden files beside it: a tiny random Qwen2.5-VL model and what transformers computes with it.

    python3 make.py        (torch and transformers 5)

The model folder is in the form transformers 4.52 and later write; its weights are stored as bfloat16 and the
expected results computed in float32 from the stored values. Images are patches given by a formula, see `pixels`.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import GenerationConfig, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

HERE = Path(__file__).parent
IMAGE, START, END = 92, 90, 91
GRID = torch.tensor([[1, 6, 10], [1, 4, 4]])


def config() -> Qwen2_5_VLConfig:
    text = dict(
        vocab_size=96,
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        rms_norm_eps=1e-5,
        rope_parameters=dict(rope_type="default", rope_theta=1e4, mrope_section=[1, 2, 3]),
        tie_word_embeddings=False,
        max_position_embeddings=512,
        bos_token_id=88,
        eos_token_id=89,
    )
    vision = dict(
        depth=2,
        hidden_size=16,
        intermediate_size=20,
        num_heads=2,
        out_hidden_size=24,
        patch_size=14,
        spatial_merge_size=2,
        temporal_patch_size=2,
        window_size=56,
        fullatt_block_indexes=[1],
    )
    ids = dict(image_token_id=IMAGE, video_token_id=93, vision_start_token_id=START, vision_end_token_id=END)
    made = Qwen2_5_VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=False, **ids)
    made.architectures = ["Qwen2_5_VLForConditionalGeneration"]
    return made


def build() -> Qwen2_5_VLForConditionalGeneration:
    """Weights at which every part matters, rounded to bfloat16."""
    torch.manual_seed(5)
    model = Qwen2_5_VLForConditionalGeneration(config()).eval()
    for name, tensor in model.named_parameters():
        data = torch.randn(tensor.shape)
        if name.endswith("weight") and ("norm" in name or "ln_q" in name):
            data = 1 + 0.2 * data
        elif name.endswith("bias"):
            data *= 0.3
        elif "embed_tokens" in name:
            data *= 0.7
        else:
            data /= tensor[0].numel() ** 0.5
        tensor.data.copy_(data.bfloat16())
    return model


def pixels() -> torch.Tensor:
    """Value i is ((i · 7919) mod 1009) / 504 − 1, one image after the other."""
    count = int(GRID.prod(1).sum()) * 1176
    return ((torch.arange(count) * 7919 % 1009).float() / 504 - 1).view(-1, 1176)


def prompt() -> torch.Tensor:
    pads = [IMAGE] * 15, [IMAGE] * 4
    return torch.tensor([[3, 17, START, *pads[0], END, 8, START, *pads[1], END, 40, 41, 5]])


def inputs(more: list[int]) -> dict:
    ids = torch.cat([prompt(), torch.tensor([more], dtype=torch.int64)], 1)
    return dict(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        pixel_values=pixels(),
        image_grid_thw=GRID,
        mm_token_type_ids=(ids == IMAGE).int(),
    )


COMPLETIONS = [7, 60, 61, 89], [33, 2]


def logprobs(model, ids: list[int]) -> torch.Tensor:
    model.model.rope_deltas = None
    scores = model(**inputs(ids), use_cache=False).logits[0, prompt().shape[1] - 1 : -1].log_softmax(-1)
    return scores.gather(1, torch.tensor(ids)[:, None])[:, 0]


def main() -> None:
    model = build()
    expected: dict[str, torch.Tensor] = {}
    with torch.no_grad():
        expected["image_embeds"] = torch.cat(model.model.get_image_features(pixels(), GRID).pooler_output)
        kinds = (prompt() == IMAGE).int()
        positions = model.model.get_rope_index(prompt(), mm_token_type_ids=kinds, image_grid_thw=GRID)[0][:, 0]
        expected["position_ids"] = positions
        expected["input_ids"] = prompt()[0]
        model.model.rope_deltas = None
        expected["logits"] = model(**inputs([]), use_cache=False).logits[0]
        model.model.rope_deltas = None
        model.generation_config = GenerationConfig()
        settings = GenerationConfig(do_sample=False, max_new_tokens=12, pad_token_id=0)
        expected["greedy"] = model.generate(**inputs([]), generation_config=settings)[0, prompt().shape[1] :]
    # Every token's log-probability with a weight of its own.
    current = torch.cat([logprobs(model, completion) for completion in COMPLETIONS])
    (current * torch.arange(1, 7) / 4).sum().backward()
    expected["logprobs"] = current.detach()
    kept = (
        "visual.blocks.0.attn.qkv.weight",
        "visual.blocks.1.mlp.gate_proj.bias",
        "visual.merger.ln_q.weight",
        "visual.merger.mlp.2.weight",
        "language_model.embed_tokens.weight",
        "language_model.layers.0.self_attn.q_proj.weight",
        "language_model.layers.0.self_attn.k_proj.bias",
        "language_model.layers.1.mlp.down_proj.weight",
        "language_model.norm.weight",
        "lm_head.weight",
    )
    for name, parameter in model.named_parameters():
        if name.removeprefix("model.") in kept:
            expected[f"grad.{name}"] = parameter.grad
    patches = dict(model.named_parameters())["model.visual.patch_embed.proj.weight"].grad
    expected["grad_norm.model.visual.patch_embed.proj.weight"] = patches.norm()[None]

    folder = HERE / "model"
    folder.mkdir(exist_ok=True)
    model.config.save_pretrained(folder)
    tensors = {name: tensor.detach().bfloat16().contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    save_file({k: v.contiguous() for k, v in expected.items()}, HERE / "expected.safetensors")


if __name__ == "__main__":
    main()
