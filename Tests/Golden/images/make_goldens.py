"""Makes the image files of this folder and expected.txt, what Pillow reads from them.

Needs pillow 13 and numpy. One line per expectation:
    decode FILE WIDTH HEIGHT HASH
    bilinear|bicubic|lanczos FILE WIDTH HEIGHT HASH
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


def saved(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def tiff_file(tags: dict[int, tuple[str, list[int]]], blocks: list[bytes], order: str = "<", tiled=False) -> bytes:
    """A TIFF written out by hand; tags: number -> (H or I, values)."""
    offset = 8
    starts = []
    for block in blocks:
        starts.append(offset)
        offset += len(block) + len(block) % 2
    tags = dict(tags)
    tags[324 if tiled else 273] = ("I", starts)
    tags[325 if tiled else 279] = ("I", [len(block) for block in blocks])
    directory, extra = b"", b""
    behind = offset + 2 + 12 * len(tags) + 4
    for tag in sorted(tags):
        kind, values = tags[tag]
        data = struct.pack(order + str(len(values)) + kind, *values)
        if len(data) > 4:
            place = struct.pack(order + "I", behind + len(extra))
            extra += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        directory += struct.pack(order + "HHI", tag, 3 if kind == "H" else 4, len(values)) + place
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", offset)
    body = b"".join(block + b"\0" * (len(block) % 2) for block in blocks)
    return head + body + struct.pack(order + "H", len(tags)) + directory + bytes(4) + extra


def tags_of(width, height, bits, photometric, samples, **more) -> dict[int, tuple[str, list[int]]]:
    tags = {256: ("H", [width]), 257: ("H", [height]), 258: ("H", [bits] * samples), 259: ("H", [1]),
            262: ("H", [photometric]), 277: ("H", [samples])}
    names = {"extra": 338, "rows": 278, "planar": 284, "kind": 339, "orientation": 274}
    return tags | {names[name]: ("H", value if isinstance(value, list) else [value]) for name, value in more.items()}


def tiffs() -> dict[str, bytes]:
    picture = Image.fromarray(smooth(18, 25, 3))
    small = Image.fromarray(noise(7, 11, 3, 256).astype(np.uint8))
    alpha = Image.fromarray(noise(7, 11, 4, 256).astype(np.uint8), "RGBA")
    wide = np.array([0, 1, 100, 254, 255, 256, 300, 511, 32767])
    files = {
        "rgb": saved(small, "TIFF"),
        "rgb-lzw": saved(picture, "TIFF", compression="tiff_lzw"),
        "rgb-deflate": saved(picture, "TIFF", compression="tiff_adobe_deflate"),
        "rgb-packbits": saved(small, "TIFF", compression="packbits"),
        "rgb-jpeg": saved(picture, "TIFF", compression="jpeg", quality=90),
        "rgba": saved(alpha, "TIFF"),
        "grey": saved(small.convert("L"), "TIFF"),
        "grey-alpha": saved(alpha.convert("LA"), "TIFF"),
        "bilevel": saved(small.convert("1"), "TIFF"),
        "bilevel-fax": saved(small.convert("1"), "TIFF", compression="group4"),
        "palette": saved(small.convert("P", palette=Image.Palette.ADAPTIVE), "TIFF"),
        "cmyk": saved(Image.fromarray(noise(7, 11, 4, 256).astype(np.uint8), "CMYK"), "TIFF"),
        "ycbcr": saved(picture.convert("YCbCr"), "TIFF", compression="tiff_lzw"),
        "grey16": saved(Image.fromarray(RNG.choice(wide, (7, 11)).astype(np.uint16)), "TIFF"),
        "grey32": saved(Image.fromarray((RNG.choice(wide, (7, 11)) - 50).astype(np.int32)), "TIFF"),
        "float": saved(Image.fromarray((RNG.random((7, 11)) * 400 - 60).astype(np.float32)), "TIFF"),
        "two-pictures": saved(small, "TIFF", save_all=True, append_images=[picture]),
    }
    for order, label in (("<", "little"), (">", "big")):
        for samples, photometric, more in ((3, 2, {}), (4, 2, {"extra": 2}), (4, 2, {"extra": 1}), (4, 2, {"extra": 0}),
                                           (4, 5, {}), (1, 1, {})):
            values = noise(7, 11, samples, 65536) if samples > 1 else RNG.choice(wide, (7, 11, 1))
            name = {1: "grey", 3: "rgb"}.get(samples) or ("cmyk" if photometric == 5 else f"rgbx{more['extra']}")
            files[f"{name}16-{label}"] = tiff_file(
                tags_of(11, 7, 16, photometric, samples, **more), [values.astype(order + "u2").tobytes()], order)
    for bits in (2, 4):
        for photometric in (0, 1):
            rows = packed(noise(7, 11, 1, 2**bits).reshape(7, -1), bits)
            width = (11 * bits + 7) // 8 + 1
            data = b"".join(rows[i + 1 : i + width] for i in range(0, len(rows), width))
            files[f"grey{bits}-zero-is-{('white', 'black')[photometric]}"] = tiff_file(
                tags_of(11, 7, bits, photometric, 1), [data])
    files["grey8-zero-is-white"] = tiff_file(tags_of(11, 7, 8, 0, 1), [noise(7, 11, 1, 256).astype(np.uint8).tobytes()])
    files["grey-signed16"] = tiff_file(
        tags_of(11, 7, 16, 1, 1, kind=2), [(RNG.choice(wide, (7, 11)) - 60).astype("<i2").tobytes()])
    files["rgba-premultiplied"] = tiff_file(
        tags_of(11, 7, 8, 2, 4, extra=1), [noise(7, 11, 4, 256).astype(np.uint8).tobytes()])
    samples = noise(7, 11, 3, 256).astype(np.uint8)
    files["planes"] = tiff_file(
        tags_of(11, 7, 8, 2, 3, planar=2), [samples[:, :, channel].tobytes() for channel in range(3)])
    files["strips"] = tiff_file(
        tags_of(11, 7, 8, 2, 3, rows=3), [samples[top : top + 3].tobytes() for top in (0, 3, 6)])
    samples = np.zeros((32, 48, 3), np.uint8)
    samples[:18, :40] = smooth(18, 40, 3)
    tiles = [samples[y : y + 16, x : x + 16].tobytes() for y in (0, 16) for x in (0, 16, 32)]
    # A strip that is a JPEG with half the colours, as other programs write it.
    half = io.BytesIO()
    picture.save(half, "JPEG", quality=90, subsampling=2)
    files["ycbcr-jpeg"] = saved(picture.convert("YCbCr"), "TIFF", compression="jpeg", quality=90)
    files["ycbcr-jpeg-half"] = tiff_file(
        tags_of(25, 18, 8, 6, 3) | {259: ("H", [7]), 530: ("H", [2, 2])}, [half.getvalue()])
    files["tiles"] = tiff_file(
        tags_of(40, 18, 8, 2, 3) | {322: ("H", [16]), 323: ("H", [16])}, tiles, tiled=True)
    for orientation in (1, 3, 6, 8):
        files[f"turned{orientation}"] = tiff_file(
            tags_of(5, 3, 8, 2, 3, orientation=orientation), [noise(3, 5, 3, 256).astype(np.uint8).tobytes()])
    return {name + ".tif": file for name, file in files.items()}


def webps() -> dict[str, bytes]:
    picture = Image.fromarray(smooth(18, 25, 3))
    alpha = Image.fromarray(noise(7, 11, 4, 256).astype(np.uint8), "RGBA")
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {
        "lossy": saved(picture, "WEBP", quality=80),
        "lossless": saved(picture, "WEBP", lossless=True),
        "lossless-alpha": saved(alpha, "WEBP", lossless=True, exact=True),
        "lossy-alpha": saved(alpha, "WEBP", quality=70),
        "turned": saved(picture, "WEBP", quality=80, exif=exif),
        "animation": saved(picture, "WEBP", save_all=True, append_images=[picture.rotate(180)], duration=100),
    }
    return {name + ".webp": file for name, file in files.items()}


def bmp(bits, width, height, rows: bytes, palette=b"", compression=0, masks=(), header=40, colors=0) -> bytes:
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack(
            "<IiiHHIIiiII", header, width, height, 1, bits, compression, len(rows), 0, 0, colors, 0)
        stated = struct.pack(f"<{len(masks)}I", *masks)
        info = (info + stated).ljust(max(header, 40 + len(stated)), b"\0")
    start = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def bmps() -> dict[str, bytes]:
    def rows(samples: np.ndarray, depth: int) -> bytes:
        if depth <= 8:
            flat = packed(samples.reshape(samples.shape[0], -1), depth)
            width = len(flat) // samples.shape[0]
            lines = [flat[i + 1 : i + width] for i in range(0, len(flat), width)]
        else:
            lines = [line.tobytes() for line in samples]
        return b"".join(line + b"\0" * (-len(line) % 4) for line in lines)

    bytes_of = lambda channels: noise(7, 11, channels, 256).astype(np.uint8)
    files = {"rgb24": bmp(24, 11, 7, rows(bytes_of(3), 24)), "top-down": bmp(24, 11, -7, rows(bytes_of(3), 24)),
             "rgb32": bmp(32, 11, 7, rows(bytes_of(4), 32)), "rgb15": bmp(16, 11, 7, rows(bytes_of(2), 16))}
    for depth in (1, 4, 8):
        palette = b"".join(RNG.bytes(3) + b"\0" for _ in range(2**depth))
        files[f"palette{depth}"] = bmp(depth, 11, 7, rows(noise(7, 11, 1, 2**depth), depth), palette)
    files["palette4-short"] = bmp(4, 11, 7, rows(noise(7, 11, 1, 5), 4), palette[:20], colors=5)
    files["palette8-old"] = bmp(8, 11, 7, rows(noise(7, 11, 1, 256), 8), RNG.bytes(768), header=12)
    files["rgb24-old"] = bmp(24, 11, 7, rows(bytes_of(3), 24), header=12)
    files["rgb16-masks"] = bmp(16, 11, 7, rows(bytes_of(2), 16), compression=3, masks=(0xF800, 0x7E0, 0x1F))
    files["bgr32-masks"] = bmp(32, 11, 7, rows(bytes_of(4), 32), compression=3, masks=(0xFF0000, 0xFF00, 0xFF))
    files["alpha-masks"] = bmp(
        32, 11, 7, rows(bytes_of(4), 32), compression=3, masks=(0xFF, 0xFF00, 0xFF0000, 0xFF000000), header=108)
    line, skip = bytes([11, 250, 0, 0]), bytes([0, 2, 3, 1, 8, 8, 0, 0])
    runs = bytes([5, 1, 6, 2, 0, 0, 0, 4, 3, 4, 5, 6, 7, 9, 0, 0]) + skip + 3 * line + bytes([0, 1])
    files["runs8"] = bmp(8, 11, 7, runs, palette, compression=1)
    narrow = bytes([11, 0x12, 0, 0, 0, 5, 0x34, 0x56, 0x70, 0, 6, 0x9A, 0, 0]) + 5 * bytes([11, 0xBC, 0, 0])
    files["runs4"] = bmp(4, 11, 7, narrow + bytes([0, 1]), palette[:64], compression=2)
    return {name + ".bmp": file for name, file in files.items()}


def main() -> None:
    lines = []
    for name, file in (pngs() | jpegs() | tiffs() | webps() | bmps()).items():
        path = HERE / name
        path.write_bytes(file)
        image = load_rgb(path)
        lines.append(f"decode {name} {image.width} {image.height} {fnv(image.tobytes())}")
    sizes = {
        "noise.png": ((23, 17), (46, 34), (12, 9), (7, 40), (60, 5), (1, 1), (23, 3), (100, 17), (2, 2), (28, 28)),
        "point.png": ((1, 1), (5, 3), (28, 28)),
        "line.png": ((7, 1), (56, 28), (13, 2), (1, 9)),
    }
    filters = {
        "bilinear": Image.Resampling.BILINEAR,
        "bicubic": Image.Resampling.BICUBIC,
        "lanczos": Image.Resampling.LANCZOS,
    }
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
