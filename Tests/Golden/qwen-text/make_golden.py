#!/usr/bin/env python3
"""Writes golden.json and the small model folders beside it with Hugging Face tokenizers and transformers.

    python3 make_golden.py FOLDER      # FOLDER holds the tokenizer.json of Qwen2.5-VL

The tokenizer is cut down to its first merges; its added tokens move up behind them.
"""

import json
import random
import sys
import unicodedata
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil, smart_resize

HERE = Path(__file__).parent
MERGES = 700
FIRST = 256 + MERGES
IMAGE = FIRST + 12

TEXTS = [
    "", " ", "   ", "a  b   c    d ", " \n \n", "x  \n  y\r\n\r\nz\r", "tab\t\tand\x0bfeed\x85\u2028\u3000end",
    "it's we're I'LL they'd you'Ve 'tis 'S 'ſ 'D don''t 's's 'x 'l 'r", "1234 x²½Ⅷ١٢", "(hello), $world! ...\n\n!",
    "cafe\u0301 a\u030a \u212b\u2126 \u0958 \u1112\u1161\u11ab \uac00\u11a8 q\u0307\u0323 a\u0315\u0300\u05ae b\u0344",
    "\u0301leading e\u0301\u0301 \u2adc \ufb01 \u0b47\u0b56 \u16d67\u16d67 \U00016d69\U00016d67 \u0d3b\u0334",
    "异常检测：请指出缺陷。 日本語カ\u3099 한국어 ไทย हिन्दी", "👩‍👩‍👧‍👦 🇩🇪 1️⃣", "\u0378 \ufffe \U0010ffff \U000323af \U0001fbf9",
    "<|im_start|>user\nhi<|im_end|>\n", "e<|im_end|>\u0301 <|im_<|im_end|>end|> <tool_call>{}</tool_call>",
    "<|IM_END|> <|im_end", "a" * 300, "=" * 200, " " * 150, "the cat sat on the mat because it was " * 8, "\x00\x1b ĠĊ Ã©",
]  # fmt: skip


def dump(value: object, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def cut_tokenizer(folder: Path) -> Tokenizer:
    whole = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    model = whole["model"]
    model["vocab"] = {token: i for token, i in model["vocab"].items() if i < FIRST}
    pairs = [m.split(" ") if isinstance(m, str) else m for m in model["merges"]]
    pairs = [pair for pair in pairs if "".join(pair) in model["vocab"]]
    for token in whole["added_tokens"]:
        token["id"] += FIRST - 151643
    # One form has its merges as pairs, the other as lines.
    dump(whole | {"model": model | {"merges": pairs}}, HERE / "single" / "tokenizer.json")
    dump(model["vocab"], HERE / "older" / "vocab.json")
    lines = "".join(" ".join(pair) + "\n" for pair in pairs)
    (HERE / "older" / "merges.txt").write_text("#version: 0.2\n" + lines, encoding="utf-8")
    added = {str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in whole["added_tokens"]}
    dump({"added_tokens_decoder": added}, HERE / "older" / "tokenizer_config.json")
    return Tokenizer.from_file(str(HERE / "single" / "tokenizer.json"))


def config() -> Qwen2_5_VLConfig:
    text = dict(
        vocab_size=FIRST + 30, hidden_size=48, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, rms_norm_eps=1e-6, max_position_embeddings=4096, bos_token_id=FIRST, eos_token_id=FIRST + 2,
        rope_parameters=dict(rope_type="default", rope_theta=5e5, mrope_section=[2, 2, 2]), tie_word_embeddings=True,
    )  # fmt: skip
    vision = dict(depth=3, hidden_size=32, intermediate_size=64, num_heads=2, out_hidden_size=48, window_size=56, fullatt_block_indexes=[1])
    return Qwen2_5_VLConfig(
        text_config=text, vision_config=vision, tie_word_embeddings=True, image_token_id=IMAGE, video_token_id=FIRST + 13,
        vision_start_token_id=FIRST + 9, vision_end_token_id=FIRST + 10, architectures=["Qwen2_5_VLForConditionalGeneration"],
    )  # fmt: skip


def write_folder() -> None:
    """The rest of the model folder, as transformers 5 writes it."""
    config().save_pretrained(HERE / "single")
    limits = dict(shortest_edge=3136, longest_edge=50176)
    dump(dict(size=limits, patch_size=14, temporal_patch_size=2, merge_size=2), HERE / "single" / "preprocessor_config.json")
    dump(dict(eos_token_id=[FIRST + 2, FIRST], do_sample=True, temperature=1e-6, repetition_penalty=1.05), HERE / "single" / "generation_config.json")


def random_text(rng: random.Random) -> str:
    """Marks, jamo and letters in random order, assigned and not."""
    marks = [c for c in range(0x20000) if unicodedata.category(chr(c))[0] == "M"]
    pools = [lambda: rng.choice(marks), lambda: rng.randint(0x1100, 0x11FF), lambda: rng.randint(0x20, 0x7E),
             lambda: rng.randint(0xC0, 0x1FFF), lambda: rng.choice([0x20, 0x0A, 0x0D, 0x27, 0xA0]), lambda: rng.randint(0, 0xD7FF)]  # fmt: skip
    return "".join(chr(rng.choice(pools)()) for _ in range(rng.randint(1, 20)))


def positions(ids: list[int], grids: list[list[int]]) -> list[list[int]]:
    with torch.device("meta"):
        model = Qwen2_5_VLForConditionalGeneration(config()).model
    tensor = torch.tensor([ids])
    found, _ = model.get_rope_index(tensor, (tensor == IMAGE).int(), torch.tensor([[1, *grid] for grid in grids]))
    return found[:, 0].tolist()


def main() -> None:
    rng = random.Random(7)
    tokenizer = cut_tokenizer(Path(sys.argv[1]))
    write_folder()
    texts = TEXTS + [random_text(rng) for _ in range(150)]
    decoded = [[rng.choice([rng.randrange(256), rng.randrange(FIRST), rng.randrange(FIRST + 30)]) for _ in range(12)] for _ in range(40)]
    sizes = []
    for height, width, least, most in [
        (1, 1, 3136, 50176), (1, 200, 3136, 50176), (1000, 5, 3136, 50176), (14, 14, 784, 50176), (42, 42, 3136, 50176), (70, 98, 784, 50176),
        (126, 350, 784, 1003520), (640, 480, 3136, 1003520), (3000, 4000, 3136, 1003520), (333, 517, 3136, 30000), (182, 70, 20000, 30000),
        (27, 29, 1, 784), (56, 11200, 3136, 50176),
    ]:  # fmt: skip
        rows, columns = smart_resize(height, width, 28, least, most)
        sizes.append(dict(size=[height, width], limits=[least, most], resized=[rows, columns]))
    spans = []
    for grids in ([], [[4, 4]], [[2, 10], [8, 2]], [[6, 4], [4, 6], [2, 2]]):
        ids = [1, 2, 3]
        for rows, columns in grids:
            ids += [IMAGE] * (rows * columns // 4) + [4] * rng.randint(1, 3)
        spans.append(dict(ids=ids, grids=grids, positions=positions(ids, grids) if grids else [list(range(3))] * 3))
    # An image that needs no resampling: value (x·7 + y·13 + channel·50) mod 256.
    image = [[[(x * 7 + y * 13 + c * 50) % 256 for x in range(84)] for y in range(56)] for c in range(3)]
    pixels = Qwen2VLImageProcessorPil(size=dict(shortest_edge=3136, longest_edge=50176))(
        images=[torch.tensor(image, dtype=torch.uint8).numpy()], return_tensors="pt")["pixel_values"]  # fmt: skip
    golden = dict(
        texts=[dict(text=t, ids=tokenizer.encode(t, add_special_tokens=False).ids) for t in texts],
        decoded=[dict(ids=i, kept=tokenizer.decode(i, skip_special_tokens=False), skipped=tokenizer.decode(i)) for i in decoded],
        sizes=sizes,
        positions=spans,
        pixels=dict(shape=list(pixels.shape), every=97, values=pixels.flatten()[::97].tolist()),
    )
    dump(golden, HERE / "golden.json")


main()
