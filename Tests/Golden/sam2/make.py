"""Makes the golden files beside it: a tiny random SAM2 and what transformers computes with it.

    python3 make.py        (torch and transformers 5)

The weights are stored as bfloat16 and the expected results computed in float32 from the stored values. The image is
given by a formula, see `picture`, and needs no resampling.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import Sam2Config, Sam2Model

HERE = Path(__file__).parent
SIDE = 128
SCALE = 0.5
BOXES = torch.tensor([[10.25, 20.5, 90.0, 77.0], [0.0, 0.0, 127.0, 127.0], [60.0, 3.0, 64.5, 120.0]])


def config() -> Sam2Config:
    # Windows that do not divide the maps, a global block, a stage that opens with the windows of the one before.
    backbone = dict(
        hidden_size=8,
        num_attention_heads=1,
        image_size=[SIDE, SIDE],
        blocks_per_stage=[1, 2, 3, 1],
        embed_dim_per_stage=[8, 16, 24, 32],
        num_attention_heads_per_stage=[1, 2, 2, 4],
        window_size_per_stage=[4, 4, 6, 2],
        global_attention_blocks=[4],
        window_positional_embedding_background_size=[3, 3],
        mlp_ratio=2.0,
    )
    vision = dict(
        backbone_config=backbone,
        backbone_channel_list=[32, 24, 16, 8],
        backbone_feature_sizes=[[SIDE // 4] * 2, [SIDE // 8] * 2, [SIDE // 16] * 2],
        fpn_hidden_size=32,
    )
    made = Sam2Config(
        vision_config=vision,
        prompt_encoder_config=dict(hidden_size=32, image_size=SIDE),
        mask_decoder_config=dict(hidden_size=32, mlp_dim=48, num_attention_heads=4, iou_head_hidden_dim=24),
    )
    made.architectures = ["Sam2Model"]
    return made


def build() -> Sam2Model:
    torch.manual_seed(11)
    model = Sam2Model(config()).eval()
    for name, tensor in model.state_dict().items():
        data = torch.randn(tensor.shape)
        if "norm" in name and name.endswith("weight"):
            data = 1 + 0.2 * data
        elif name.endswith("bias"):
            data *= 0.3
        elif tensor.ndim > 1 and "embed" not in name and "token" not in name:
            data /= tensor[0].numel() ** 0.5
        tensor.copy_(data.bfloat16())
    return model


def picture() -> torch.Tensor:
    """Byte i is (i · 7919 + i / 640) mod 251, pixel after pixel."""
    index = torch.arange(SIDE * SIDE * 3)
    return ((index * 7919 + index // 640) % 251).view(SIDE, SIDE, 3).permute(2, 0, 1)


def main() -> None:
    model = build()
    mean, std = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    pixels = ((picture().float() / 255 - mean) / std)[None]
    decoder = model.mask_decoder
    with torch.no_grad():
        # Logits of a size at which one box keeps the single mask and another falls back to the best of three.
        for mlp in decoder.output_hypernetworks_mlps:
            for part in mlp.proj_out.weight, mlp.proj_out.bias:
                part.copy_((part * SCALE).bfloat16())
        masks = model(pixel_values=pixels, input_boxes=BOXES[None], multimask_output=True).pred_masks[0]
        output = model(pixel_values=pixels, input_boxes=BOXES[None], multimask_output=False)
        logits = output.pred_masks[0, :, 0]
        fallen = [any(torch.equal(mask, found) for mask in three) for three, found in zip(masks, logits)]
        assert any(fallen) and not all(fallen), fallen
        # The mask of the first box for an image of other proportions.
        full = F.interpolate(logits[None, :1], size=(90, 50), mode="bilinear", align_corners=False)
    expected = {"boxes": BOXES, "logits": logits, "iou": output.iou_scores[0, :, 0], "mask": (full[0, 0] > 0).to(torch.uint8)}
    (HERE / "model").mkdir(exist_ok=True)
    model.config.save_pretrained(HERE / "model")
    tensors = {n: t.detach().bfloat16().contiguous().clone() for n, t in model.state_dict().items()}
    save_file(tensors, HERE / "model" / "model.safetensors", metadata={"format": "pt"})
    save_file({k: v.contiguous() for k, v in expected.items()}, HERE / "expected.safetensors")


if __name__ == "__main__":
    main()
