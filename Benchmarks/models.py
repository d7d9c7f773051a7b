"""Model folders in Hugging Face form with random weights: the architecture of Qwen2.5-VL in several sizes.

    python3 Benchmarks/models.py 300m /tmp/300m --dtype bfloat16 --tokenizer FOLDER

Only the numbers of weights cost time, not their values. `--tokenizer` is a folder with the published tokenizer
(tokenizer.json, tokenizer_config.json, preprocessor_config.json, …), which programs that convert or open the model as a
whole want beside it; without it the folder has one whose tokens are the bytes.
"""

import argparse
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import torch

# hidden, layers, heads, key heads, MLP, vocabulary; vision: hidden, blocks, heads, MLP, blocks with full attention
SHAPES = {
    "50m": ((512, 10, 8, 2, 1408, 32768), (256, 6, 4, 684, (2, 5))),
    "300m": ((768, 20, 6, 2, 2560, 151936), (512, 8, 8, 1368, (3, 7))),
    # 3B's widths, two layers of each half.
    "3b-slice": ((2048, 2, 16, 2, 11008, 151936), (1280, 2, 16, 3420, (1,))),
    "3b": ((2048, 36, 16, 2, 11008, 151936), (1280, 32, 16, 3420, (7, 15, 23, 31))),
}
PUBLISHED = {
    "vision_start_token_id": 151652, "vision_end_token_id": 151653, "vision_token_id": 151654,
    "image_token_id": 151655, "video_token_id": 151656,
}
SHARD_BYTES = 4 << 30


def special_tokens(vocabulary: int) -> dict[str, int]:
    """The published identifiers, or in a small vocabulary its last ones."""
    if vocabulary > max(PUBLISHED.values()):
        return PUBLISHED | {"bos_token_id": 151643, "eos_token_id": 151645}
    return {"bos_token_id": 0, "eos_token_id": 1} | {name: vocabulary - len(PUBLISHED) + index for index, name in enumerate(PUBLISHED)}


def config(size: str, dtype: str) -> dict:
    (hidden, layers, heads, keys, mlp, vocabulary), (v_hidden, v_depth, v_heads, v_mlp, full) = SHAPES[size]
    half = hidden // heads // 2
    side = 3 * half // 8
    return {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl",
        "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": keys, "intermediate_size": mlp, "vocab_size": vocabulary, "hidden_act": "silu",
        "max_position_embeddings": 128000, "rms_norm_eps": 1e-6, "rope_theta": 1e6, "tie_word_embeddings": True,
        "rope_scaling": {"type": "mrope", "mrope_section": [half - 2 * side, side, side]},
        "torch_dtype": dtype, "use_sliding_window": False, **special_tokens(vocabulary),
        "vision_config": {
            "depth": v_depth, "hidden_size": v_hidden, "num_heads": v_heads, "intermediate_size": v_mlp,
            "out_hidden_size": hidden, "fullatt_block_indexes": list(full), "in_chans": 3, "patch_size": 14,
            "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 112, "hidden_act": "silu",
            "model_type": "qwen2_5_vl",
        },
    }


def shapes(size: str):
    """Every tensor of the published form."""
    (hidden, layers, heads, keys, mlp, vocabulary), (v_hidden, v_depth, _, v_mlp, _) = SHAPES[size]
    head = hidden // heads

    def linear(name: str, out: int, inputs: int, bias: bool):
        yield f"{name}.weight", (out, inputs)
        if bias:
            yield f"{name}.bias", (out,)

    yield "visual.patch_embed.proj.weight", (v_hidden, 3, 2, 14, 14)
    for index in range(v_depth):
        block = f"visual.blocks.{index}"
        yield f"{block}.norm1.weight", (v_hidden,)
        yield f"{block}.norm2.weight", (v_hidden,)
        yield from linear(f"{block}.attn.qkv", 3 * v_hidden, v_hidden, True)
        yield from linear(f"{block}.attn.proj", v_hidden, v_hidden, True)
        yield from linear(f"{block}.mlp.gate_proj", v_mlp, v_hidden, True)
        yield from linear(f"{block}.mlp.up_proj", v_mlp, v_hidden, True)
        yield from linear(f"{block}.mlp.down_proj", v_hidden, v_mlp, True)
    yield "visual.merger.ln_q.weight", (v_hidden,)
    yield from linear("visual.merger.mlp.0", 4 * v_hidden, 4 * v_hidden, True)
    yield from linear("visual.merger.mlp.2", hidden, 4 * v_hidden, True)
    yield "model.embed_tokens.weight", (vocabulary, hidden)
    for index in range(layers):
        layer = f"model.layers.{index}"
        yield f"{layer}.input_layernorm.weight", (hidden,)
        yield from linear(f"{layer}.self_attn.q_proj", heads * head, hidden, True)
        yield from linear(f"{layer}.self_attn.k_proj", keys * head, hidden, True)
        yield from linear(f"{layer}.self_attn.v_proj", keys * head, hidden, True)
        yield from linear(f"{layer}.self_attn.o_proj", hidden, heads * head, False)
        yield f"{layer}.post_attention_layernorm.weight", (hidden,)
        yield from linear(f"{layer}.mlp.gate_proj", mlp, hidden, False)
        yield from linear(f"{layer}.mlp.up_proj", mlp, hidden, False)
        yield from linear(f"{layer}.mlp.down_proj", hidden, mlp, False)
    yield "model.norm.weight", (hidden,)


def language_weights(size: str) -> tuple[int, int]:
    """Values of the decoder's matrices, and of the head, which is the embedding."""
    total = head = 0
    for name, shape in shapes(size):
        if len(shape) == 2 and name.startswith("model."):
            if "embed_tokens" in name:
                head = shape[0] * shape[1]
            else:
                total += shape[0] * shape[1]
    return total, head


class Values:
    """The bytes of a tensor's values: norms are 1, all else is the same noise, scaled and repeated."""

    def __init__(self, dtype: torch.dtype) -> None:
        # A prime number of them, so that no row of a matrix begins where another one does.
        self.noise = torch.randn(16_777_213, generator=torch.Generator().manual_seed(0))
        self.dtype = dtype
        self.scaled: dict[int, memoryview] = {}

    def write(self, name: str, shape: tuple[int, ...], file: BinaryIO) -> None:
        left = torch.Size(shape).numel() * self.dtype.itemsize
        if "norm" in name or "ln_q" in name:
            file.write(self.bytes(torch.ones(shape)))
            return
        fan_in = torch.Size(shape[1:]).numel() if len(shape) > 1 and "embed" not in name else 2500
        if fan_in not in self.scaled:
            self.scaled[fan_in] = self.bytes(self.noise * fan_in**-0.5)
        while left > 0:
            left -= file.write(self.scaled[fan_in][:left])

    def bytes(self, tensor: torch.Tensor) -> memoryview:
        return memoryview(tensor.to(self.dtype).view(torch.uint8).numpy())


def write_shard(path: Path, shard: dict[str, tuple[int, ...]], values: Values) -> None:
    """A safetensors file, written piece by piece: no tensor is in memory as a whole."""
    header: dict[str, dict] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shard.items():
        start, end = end, end + torch.Size(shape).numel() * values.dtype.itemsize
        kind = {torch.bfloat16: "BF16", torch.float32: "F32"}[values.dtype]
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header)
    text += " " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text.encode())
        for name, shape in shard.items():
            values.write(name, shape, file)
    forget(path)


def write_byte_tokenizer(folder: Path) -> None:
    """The smallest tokenizer: a token for every byte, written as byte-level vocabularies write them, and no merges."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    symbols = [chr(byte) for byte in printable] + [chr(256 + index) for index in range(256 - len(printable))]
    (folder / "vocab.json").write_text(json.dumps({symbol: index for index, symbol in enumerate(symbols)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "preprocessor_config.json").write_text(json.dumps(
        {"patch_size": 14, "temporal_patch_size": 2, "merge_size": 2, "min_pixels": 3136, "max_pixels": 12845056}))


def forget(path: Path) -> None:
    """Takes a file out of the system's memory. What was just written lies there in small pages; read again by the program
    that uses it, it lies in those that program asks for, as it would on any other day."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def make(size: str, folder: Path, dtype: str, tokenizer: Path | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(tokenizer.iterdir()) if tokenizer else []:
        if path.is_file() and path.suffix in (".json", ".jinja", ".txt") and not path.name.startswith("model"):
            shutil.copyfile(path, folder / path.name)
    if not tokenizer:
        write_byte_tokenizer(folder)
    kind = getattr(torch, dtype)
    shards: list[dict[str, tuple[int, ...]]] = [{}]
    bytes_left = SHARD_BYTES
    for name, shape in shapes(size):
        need = torch.Size(shape).numel() * kind.itemsize
        if need > bytes_left and shards[-1]:
            shards.append({})
            bytes_left = SHARD_BYTES
        shards[-1][name] = shape
        bytes_left -= need
    values = Values(kind)
    places = {}
    with ThreadPoolExecutor() as pool:
        writing = []
        for number, shard in enumerate(shards, 1):
            file = f"model-{number:05d}-of-{len(shards):05d}.safetensors" if len(shards) > 1 else "model.safetensors"
            writing.append(pool.submit(write_shard, folder / file, shard, values))
            places |= dict.fromkeys(shard, file)
        for done in writing:
            done.result()
    if len(shards) > 1:
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    # Last: whoever finds it takes the folder for whole.
    (folder / "config.json").write_text(json.dumps(config(size, dtype), indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SHAPES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--tokenizer", type=Path)
    args = parser.parse_args()
    make(args.size, args.folder, args.dtype, args.tokenizer)


if __name__ == "__main__":
    main()
