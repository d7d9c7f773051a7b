"""Makes the golden files beside it: python3 make_golden.py (standard library only, same output every time).

Each function below restates published code in its plainest form: the letter extraction and the two rewards of
AnomalyR1's training script, the answer reading of the MMAD evaluation, and MMAD's metric.
"""

import difflib
import json
import os
import random
import re

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = [
    "Anomaly Detection", "Defect Classification", "Defect Localization", "Defect Description", "Defect Analysis",
    "Object Classification", "Object Analysis",
]


def extract_choice(text):
    if not text:
        return None
    text = re.sub(r"\s+", " ", text)
    if len(text) < 3:
        text = re.sub(r"[^\w\s]", "", text)
        return text[0] if text else None
    choices = re.findall(r"(?<![a-z])([A-D])(?![a-z])", text)
    if not choices:
        return None
    if len(choices) == 1:
        return choices[0]
    scores = {choice: 0 for choice in choices}
    keywords = ["答案", "选择", "正确", "是", "对", "answer", "correct", "choose", "select", "right", "认为", "应该",
                "觉得", "think", "believe", "should"]
    for choice in choices:
        position = text.rfind(choice)
        context = text[max(0, position - 20):min(len(text), position + 20)]
        for keyword in keywords:
            if keyword.upper() in context:
                scores[choice] += 1
        if position > len(text) * 0.7:
            scores[choice] += 2
        if position < len(text) - 1 and text[position + 1] in "。.!！,，":
            scores[choice] += 1
    return max(scores.items(), key=lambda item: item[1])[0]


def released_rewards(content, solution):
    """ROAM, choice reward, conclusion, letter."""
    if not re.search(r"<think>(.*?)</think>\s*<answer>(.*?)</answer>", content, re.DOTALL):
        return 0.0, 0.0, None, None
    answers = re.findall(r"<answer>(.*?)</answer>", content, re.DOTALL)
    thoughts = re.findall(r"<think>(.*?)</think>", content, re.DOTALL)
    a = extract_choice(answers[-1].strip()) if answers else None
    t = extract_choice(thoughts[-1].strip()) if thoughts else None
    if t is None and a is None:
        roam = 0.0
    elif t is None and a == solution:
        roam = 0.8
    elif t is None:
        roam = 0.05
    elif t == solution and a == solution:
        roam = 1.0
    elif t != solution and a != solution and t == a:
        roam = 0.1
    else:
        roam = 0.0
    return roam, 1.0 if a == solution else 0.0, t, a


def wholly_formatted(content):
    return re.fullmatch(r"<think>.*?</think>\s*<answer>.*?</answer>", content, re.DOTALL) is not None


def parse_answer(reply, options):
    found = re.findall(r"\b([A-E])\b", reply)
    if not found:
        closest = difflib.get_close_matches(reply, list(options.values()), n=1, cutoff=0.0)
        found = [next(key for key, value in options.items() if value == closest[0])]
    return found[-1]


def released_evaluation(reply, options):
    start, end = reply.rfind("<answer>"), reply.rfind("</answer>")
    answer = reply[start + 8:end].strip() if -1 < start < end else ""
    if not answer:
        return None
    match = re.search(r"([A-E])", answer)
    if match:
        return match.group(1)
    return next((key for key, value in options.items() if value.lower() in answer.lower()), None)


def table(records, upstream):
    records = list(records)
    names = list(dict.fromkeys(record["image"].split("/")[0] for record in records))
    total = {name: {kind: 0 for kind in TYPES} for name in names}
    right = {name: {kind: 0 for kind in TYPES} for name in names}
    detection = {name: {"normal": [0, 0], "abnormal": [0, 0]} for name in names}
    for record in records:
        name, kind = record["image"].split("/")[0], record["question_type"]
        if kind in ["Object Structure", "Object Details"]:
            kind = "Object Analysis"
        given, gold = record["gpt_answer"], record["correct_answer"]
        readable = given in list("ABCDE")
        if upstream and (not readable or gold not in list("ABCDE")):
            records.remove(record)  # while iterating, as published
            continue
        hit = readable and given == gold
        total[name][kind] += 1
        right[name][kind] += hit
        if kind == "Anomaly Detection":
            side = detection[name]["normal" if "good" in record["image"] else "abnormal"]
            side[0] += 1
            side[1] += hit
    rows = {}
    for name in names:
        row = {kind: 100 * right[name][kind] / total[name][kind] if total[name][kind] else 0.0 for kind in TYPES}
        accuracy = {side: hits / count if count else 0.0 for side, (count, hits) in detection[name].items()}
        row["Anomaly Detection"] = 100 * (accuracy["normal"] + accuracy["abnormal"]) / 2
        row["Average"] = sum(row[kind] for kind in TYPES) / len(TYPES)
        for column, side in [("Overkill", "normal"), ("Miss", "abnormal")]:
            row[column] = 100 * (1 - accuracy[side]) if detection[name][side][0] else None
        rows[name] = row
    columns = TYPES + ["Average", "Overkill", "Miss"]
    known = {column: [rows[name][column] for name in names if rows[name][column] is not None] for column in columns}
    rows["Average"] = {column: sum(values) / len(values) if values else None for column, values in known.items()}
    return rows


WORDS = ["A", "B", "C", "D", "E", "A", "B", "the", "answer", "ANSWER", "is", "B.", "A,", "(C)", "D!", "correct",
         "CORRECT", "Apple", "Defect", "CD", "scratch", "答案是", "A。", "选择", "B，", "I", "THINK", "SHOULD", "right",
         "RIGHT", "option", "x", "bA", "Cc", "_A", "9B", "é", "🙂", "not", "so", "\n", "\t", "\u3000", "\x1f", "..."]
TAGS = ["<think>", "</think>", "<answer>", "</answer>"]


def sentence(rng, most):
    return rng.choice([" ", " ", " ", ""]).join(rng.choice(WORDS) for _ in range(rng.randint(0, most)))


def reply(rng):
    style = rng.random()
    if style < 0.6:
        gap = rng.choice(["", "\n", " \u3000", "x", "\u200b"])
        return f"<think>{sentence(rng, 12)}</think>{gap}<answer>{sentence(rng, 3)}</answer>"
    if style < 0.8:
        return f"<think>{sentence(rng, 5)}</think>\n<answer>{rng.choice('ABCD')}</answer>{rng.choice(['', ' ', '.'])}"
    return "".join(rng.choice(TAGS + [sentence(rng, 2), " "]) for _ in range(rng.randint(2, 14)))


def write(name, value):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


def main():
    rng = random.Random(20250)
    choices = ["", "A", "B.", ".", "..", "是", "b!", "_", "¼", "A B", "A, B", "ABBA A B"]
    choices += [sentence(rng, 25) for _ in range(600)]
    write("released_choice.json", [{"text": text, "letter": extract_choice(text)} for text in choices])

    rows = []
    for _ in range(500):
        text, answer = reply(rng), rng.choice("ABCD")
        roam, choice, conclusion, letter = released_rewards(text, answer)
        rows.append({"reply": text, "answer": answer, "roam": roam, "choice": choice, "conclusion": conclusion,
                     "letter": letter, "format": wholly_formatted(text)})
    write("released_reward.json", rows)

    pools = [["Yes.", "No."], ["Scratch.", "Dent.", "Hole.", "Contamination."], ["No", "Yes", "no", "yes"],
             ["At the top left corner.", "At the bottom right corner.", "In the center.", "Along the left edge."]]
    letters = "abcdefgh scrtn.YNo"
    answers = []
    for _ in range(400):
        texts = rng.choice(pools)
        options = {chr(65 + index): text for index, text in enumerate(texts)}
        style = rng.random()
        if style < 0.3:
            text = sentence(rng, 8)
        elif style < 0.6:
            text = "".join(rng.choice(letters) for _ in range(rng.choice([0, 3, 20, 150, 260, 420])))
        else:
            text = rng.choice(["it is ", "", "the "]) + rng.choice(texts).lower() + rng.choice(["", " indeed", "!"])
            text = f"<answer>{text}</answer>" if rng.random() < 0.5 else text
        answers.append({"reply": text, "options": options, "letter": parse_answer(text, options),
                        "released": released_evaluation(text, options)})
    write("answers.json", answers)

    similar = []
    for _ in range(200):
        first = "".join(rng.choice(letters) for _ in range(rng.randint(0, 60)))
        second = "".join(rng.choice(letters) for _ in range(rng.choice([0, 5, 40, 199, 200, 201, 350])))
        if rng.random() < 0.5:
            cut = rng.randint(0, len(second))
            second = second[:cut] + first[rng.randint(0, max(len(first) - 1, 0)):] + second[cut:]
        junk, plain = (difflib.SequenceMatcher(None, first, second, autojunk=flag).ratio() for flag in (True, False))
        similar.append({"first": first, "second": second, "autojunk": junk, "plain": plain})
    write("similarity.json", similar)

    published = TYPES + ["Object Structure", "Object Details"]
    metrics = []
    for case in range(12):
        names = rng.sample(["DS-MVTec", "MVTec-LOCO", "VisA", "GoodsAD"], rng.randint(1, 4))
        unreadable = rng.choice([0, 0.1, 0.5])
        records = []
        for index in range(rng.choice([1, 20, 150])):
            place = rng.choice(["good", "broken", "Good"])
            given = rng.choice(["X", "", "F", "AB"]) if rng.random() < unreadable else rng.choice("ABCD")
            gold = rng.choice(["F", ""]) if rng.random() < 0.03 else rng.choice("ABCD")
            records.append({"image": f"{rng.choice(names)}/item/image/{place}/{index // 4:03}.png",
                            "question": {"text": "?", "options": {"A": "Yes.", "B": "No."}},
                            "question_type": rng.choice(published), "correct_answer": gold, "gpt_answer": given})
        metrics.append({"records": records, "strict": table(records, False), "upstream": table(records, True)})
    write("metric.json", metrics)


main()
