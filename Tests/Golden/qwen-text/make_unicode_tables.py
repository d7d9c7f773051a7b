#!/usr/bin/env python3
"""Writes Sources/QwenVL/Tokenizer/UnicodeTables.swift from the behaviour of Hugging Face tokenizers.

A tokenizer must cut a text exactly as the reference does, so the tables hold the reference's Unicode
version, not the one of the machine: letters and numbers as its expressions match them, and canonical
decompositions, compositions and combining classes as its NFC and NFD show them.

    python3 make_unicode_tables.py > ../../../Sources/QwenVL/Tokenizer/UnicodeTables.swift
"""

import sys
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
LOWEST, HIGHEST = "\u0334", "\u0345"  # marks of the classes 1 and 240
HANGUL = range(0xAC00, 0xD7A4)
nfc, nfd = normalizers.NFC().normalize_str, normalizers.NFD().normalize_str


def matching(pattern: str) -> list[int]:
    split = pre_tokenizers.Split(Regex(pattern), "removed")
    return [c for c in SCALARS if not split.pre_tokenize_str(chr(c))]


def runs(values: list[int]) -> list[tuple[int, int]]:
    """Consecutive values as (first, count)."""
    found: list[tuple[int, int]] = []
    for value in values:
        if found and sum(found[-1]) == value:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((value, 1))
    return found


def combining_classes() -> dict[int, int]:
    """The class of every mark, from the order in which it sorts against one mark of each class."""
    known: dict[int, str] = {}
    for c in SCALARS:
        mark = chr(c)
        if nfd(mark) == mark and nfd(mark + LOWEST) + nfd(HIGHEST + mark) != mark + LOWEST + HIGHEST + mark:
            known.setdefault(unicodedata.combining(mark), mark)
    known |= {1: LOWEST, 240: HIGHEST}
    order = sorted(known)
    for low, high in zip(order, order[1:]):
        assert nfd(known[high] + known[low]) == nfd(known[low]) + nfd(known[high]), (low, high)
    classes = {}
    for c in SCALARS:
        mark = chr(c)
        if nfd(mark) != mark:
            continue
        # c moves before every mark of a higher class, and every mark of a lower class moves before c.
        above = [k for k in order if nfd(known[k] + mark) == mark + known[k] and known[k] != mark]
        below = [k for k in order if nfd(mark + known[k]) == known[k] + mark and known[k] != mark]
        if above or below:
            (classes[c],) = [k for k in order if k not in above and k not in below]
    return classes


def base36(value: int) -> str:
    digits = ""
    while True:
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
        if not value:
            return digits


def packed(name: str, comment: str, numbers: list[int]) -> None:
    print(f"\n  /// {comment}")
    print(f'  static let {name} = """')
    line = ""
    for word in map(base36, numbers):
        if len(line) + 1 + len(word) > 100:
            print("    " + line)
            line = ""
        line += (" " if line else "") + word
    print("    " + line)
    print('    """')


def deltas(rows: list[tuple[int, ...]]) -> list[int]:
    """The rows in order, the first number of each as the distance from that of the row before."""
    out, last = [], 0
    for first, *rest in rows:
        out += [first - last, *rest]
        last = first
    return out


letters, numbers, spaces = matching(r"\p{L}"), matching(r"\p{N}"), matching(r"\s")
classes = combining_classes()
decompositions = [(c, [ord(d) for d in nfd(chr(c))]) for c in SCALARS if c not in HANGUL and nfd(chr(c)) != chr(c)]
compositions = []
for c, parts in decompositions:
    first = nfc("".join(map(chr, parts[:-1])))
    if len(first) == 1 and nfc(chr(c)) == chr(c):
        assert nfc(first + chr(parts[-1])) == chr(c)
        compositions.append((ord(first), parts[-1], c))
print(f"{len(letters)} letters, {len(numbers)} numbers, {len(spaces)} spaces, {len(classes)} marks, "
      f"{len(decompositions)} decompositions, {len(compositions)} compositions", file=sys.stderr)  # fmt: skip

print(f"""\
// Made by Tests/Golden/qwen-text/make_unicode_tables.py from Hugging Face tokenizers {tokenizers.__version__}. Do not edit.

/// The Unicode properties the reference cuts and normalises texts by. Numbers in base 36; the first number
/// of each row is the distance from that of the row before.
enum UnicodeTables {{""", end="")
packed("letters", "Runs of \\p{L}: start, count.", deltas(runs(letters)))
packed("numbers", "Runs of \\p{N}: start, count.", deltas(runs(numbers)))
packed("spaces", "Runs of \\s: start, count.", deltas(runs(spaces)))
mark_rows = []
for c, k in sorted(classes.items()):
    if mark_rows and sum(mark_rows[-1][:2]) == c and mark_rows[-1][2] == k:
        mark_rows[-1] = (mark_rows[-1][0], mark_rows[-1][1] + 1, k)
    else:
        mark_rows.append((c, 1, k))
packed("combiningClasses", "Runs of marks of one canonical combining class: start, count, class.", deltas(mark_rows))
packed(
    "decompositions",
    "Full canonical decompositions except of Hangul: character, length, characters.",
    deltas([(c, len(parts), *parts) for c, parts in decompositions]),
)
packed("compositions", "Primary composites except of Hangul: first, second, composite.", deltas(sorted(compositions)))
print("}")
