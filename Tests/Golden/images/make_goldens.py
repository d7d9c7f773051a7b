"""Makes the image files of this folder and expected.txt, what Pillow reads from them.

Needs pillow 13 and numpy. One line per expectation:
    decode FILE WIDTH HEIGHT HASH
    bicubic|lanczos FILE WIDTH HEIGHT HASH
The hash is 64-bit FNV-1a over the RGB bytes, rows from top to bottom.
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).parent
RNG = np.random.default_rng(20250704)
A7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def fnv(data: bytes) -> str:
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & (2**64 - 1)
    return f"{value:016x}"


def load_rgb(path: Path) -> Image.Image:
    """Orientation first, anything with transparency over white, the rest as Pillow converts it."""
    image = ImageOps.exif_transpose(Image.open(path))
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=image.getchannel("A"))
    return white


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(samples: np.ndarray, depth: int) -> bytes:
    """Rows of samples [height, width * channels] with a filter byte of 0 before each."""
    rows = []
    for row in samples:
        if depth == 16:
            rows.append(row.astype(">u2").tobytes())
        elif depth == 8:
            rows.append(row.astype(np.uint8).tobytes())
        else:
            bits = "".join(f"{int(value):0{depth}b}" for value in row)
            bits += "0" * (-len(bits) % 8)
            rows.append(int(bits, 2).to_bytes(len(bits) // 8, "big"))
    return b"".join(b"\0" + row for row in rows)


def png(color, depth, samples, before=(), after=(), interlaced=False) -> bytes:
    """samples: [height, width, channels] of the stored depth."""
    height, width = samples.shape[:2]
    passes = A7 if interlaced else ((0, 0, 1, 1),)
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes]
    raw = b"".join(packed(part.reshape(part.shape[0], -1), depth) for part in parts if part.size)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    chunks = [(b"IHDR", header), *before, (b"IDAT", zlib.compress(raw, 9)), *after, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in chunks)


def noise(height: int, width: int, channels: int, values: int) -> np.ndarray:
    return RNG.integers(0, values, (height, width, channels))


def smooth(height: int, width: int, channels: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    waves = [127 + 110 * np.sin(x / (5 + c) + c) * np.cos(y / (7 - c) - c) for c in range(channels)]
    return np.stack(waves, -1).astype(np.uint8)


def tiff(orientation: int, order: str = "<") -> bytes:
    head = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return head + struct.pack(order + "IH", 8, 1) + entry + bytes(4)


def text_profile(orientation: int) -> bytes:
    data = b"Exif\0\0" + tiff(orientation)
    return f"\nexif\n{len(data):8}\n{data.hex()}\n".encode()


def jpeg(image: Image.Image, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


def with_segment(file: bytes, content: bytes) -> bytes:
    return file[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + file[2:]


def pngs() -> dict[str, bytes]:
    files = {}
    sixteen = np.array([0, 1, 100, 254, 255, 256, 300, 511, 65535])
    for color, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 4: (8, 16), 6: (8, 16)}.items():
        label = {0: "grey", 2: "rgb", 4: "grey-alpha", 6: "rgba"}[color]
        for depth in depths:
            samples = noise(7, 11, CHANNELS[color], 2**depth)
            if (color, depth) == (0, 16):
                samples = RNG.choice(sixteen, (7, 11, 1))
            files[f"{label}{depth}"] = png(color, depth, samples)
            if color == 0 or (color, depth) in ((2, 8), (6, 16)):
                files[f"{label}{depth}-interlaced"] = png(color, depth, samples, interlaced=True)
    for depth in (1, 2, 4, 8):
        colors = 2**depth if depth < 8 else 40
        samples, palette = noise(7, 11, 1, colors), (b"PLTE", RNG.bytes(3 * colors))
        files[f"palette{depth}"] = png(3, depth, samples, [palette])
        files[f"palette{depth}-alpha-interlaced"] = png(
            3, depth, samples, [palette, (b"tRNS", RNG.bytes(colors - 1))], interlaced=True)
    samples = noise(7, 11, 1, 4)
    files["palette2-one-clear"] = png(3, 2, samples, [(b"PLTE", RNG.bytes(12)), (b"tRNS", b"\xff\xff\0")])
    files["palette8-index-past-end"] = png(3, 8, noise(5, 5, 1, 4), [(b"PLTE", RNG.bytes(9))])
    # Colour keys
    for depth, key in ((1, 1), (2, 0), (4, 15), (8, 3), (16, 100), (16, 300)):
        samples = RNG.choice(sixteen, (7, 11, 1)) if depth == 16 else noise(7, 11, 1, min(2**depth, 16))
        files[f"grey{depth}-key{key}"] = png(0, depth, samples, [(b"tRNS", struct.pack(">H", key))])
    for depth, scale in ((8, 1), (16, 256)):
        samples = noise(7, 11, 3, 2) * scale
        files[f"rgb{depth}-key"] = png(2, depth, samples, [(b"tRNS", struct.pack(">3H", 1, 0, 1))])
    # Orientation, before and after the pixels, in every form
    for orientation in range(1, 9):
        part = (b"eXIf", tiff(orientation, "<>"[orientation % 2]))
        before, after = ([part], []) if orientation % 3 else ([], [part])
        files[f"turned{orientation}"] = png(2, 8, noise(3, 5, 3, 256), before, after)
    profile, xmp = b"Raw profile type exif\0", b'<x tiff:Orientation="8"/>'
    forms = {
        "turned-text": (b"tEXt", profile + text_profile(6)),
        "turned-compressed-text": (b"zTXt", profile + b"\0" + zlib.compress(text_profile(5))),
        "turned-xmp": (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
        "turned-not-at-all": (b"eXIf", tiff(9)),
    }
    for name, part in forms.items():
        files[name] = png(2, 8, noise(3, 5, 3, 256), [part])
    files["noise"] = png(2, 8, noise(17, 23, 3, 256))
    files["point"] = png(2, 8, noise(1, 1, 3, 256))
    files["line"] = png(2, 8, noise(1, 40, 3, 256))
    return {name + ".png": file for name, file in files.items()}


def jpegs() -> dict[str, bytes]:
    picture = Image.fromarray(smooth(18, 25, 3))
    inks = Image.fromarray(smooth(18, 25, 4), "CMYK")
    cmyk = jpeg(inks, quality=90)
    adobe = cmyk.index(b"Adobe")
    files = {
        "half-colour": jpeg(picture, quality=85),
        "full-colour-progressive": jpeg(picture, quality=95, subsampling=0, progressive=True),
        "half-wide-colour": jpeg(picture, quality=60, subsampling=1),
        "grey": jpeg(picture.convert("L"), quality=90),
        "cmyk": cmyk,
        "ycck": cmyk[: adobe + 11] + b"\2" + cmyk[adobe + 12 :],
        "turned-xmp": with_segment(
            jpeg(picture), b"http://ns.adobe.com/xap/1.0/\0<tiff:Orientation>6</tiff:Orientation>"),
    }
    small = jpeg(Image.fromarray(smooth(9, 14, 3)), quality=75, optimize=True)
    for orientation in range(1, 9):
        files[f"turned{orientation}"] = with_segment(
            small, b"Exif\0\0" + tiff(orientation, "<>"[orientation % 2]))
    return {name + ".jpg": file for name, file in files.items()}


def main() -> None:
    lines = []
    for name, file in (pngs() | jpegs()).items():
        path = HERE / name
        path.write_bytes(file)
        image = load_rgb(path)
        lines.append(f"decode {name} {image.width} {image.height} {fnv(image.tobytes())}")
    sizes = {
        "noise.png": ((23, 17), (46, 34), (12, 9), (7, 40), (60, 5), (1, 1), (23, 3), (100, 17), (2, 2), (28, 28)),
        "point.png": ((1, 1), (5, 3), (28, 28)),
        "line.png": ((7, 1), (56, 28), (13, 2), (1, 9)),
    }
    filters = {"bicubic": Image.Resampling.BICUBIC, "lanczos": Image.Resampling.LANCZOS}
    for name, wanted in sizes.items():
        source = Image.open(HERE / name)
        for label, resampling in filters.items():
            for width, height in wanted:
                # In two steps: Pillow 13 takes the order of the passes that is cheaper, earlier ones width first.
                image = source.resize((width, source.height), resampling).resize((width, height), resampling)
                lines.append(f"{label} {name} {width} {height} {fnv(image.tobytes())}")
    (HERE / "expected.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
