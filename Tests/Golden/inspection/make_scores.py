"""Makes scores.json beside it: python3 make_scores.py (numpy, scipy, scikit-learn; same output every time).

Rankings and pixels are measured by scikit-learn, McNemar's exact test by scipy. AUPRO has no implementation there: it is
restated from its definition, with scipy's connected components.
"""

import json
import os

import numpy as np
from scipy import ndimage, stats
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 65535


def ranking(labels, scores):
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    best = max(range(len(thresholds)), key=lambda index: (round(f1[index], 12), thresholds[index]))
    return {
        "auroc": roc_auc_score(labels, scores), "average_precision": average_precision_score(labels, scores),
        "f1": float(f1[best]), "threshold": float(thresholds[best]),
    }


def aupro(maps, masks, limit=0.3):
    """Area under (false-positive rate, mean overlap of regions) up to the limit, divided by it."""
    labelled = [ndimage.label(mask, structure=np.ones((3, 3))) for mask in masks]
    good = np.concatenate([map[mask == 0].ravel() for map, mask in zip(maps, masks)])
    regions = [map[labels == region] for map, (labels, count) in zip(maps, labelled)
               for region in range(1, count + 1)]
    rates, shares = [0.0], [0.0]
    for threshold in np.unique(np.concatenate([map.ravel() for map in maps]))[::-1]:
        rates.append(float((good >= threshold).mean()))
        shares.append(float(np.mean([(region >= threshold).mean() for region in regions])))
    rates, shares = np.array(rates), np.array(shares)
    inside = rates <= limit
    x, y = rates[inside], shares[inside]
    if x[-1] < limit:
        after = np.argmax(rates > limit)
        y = np.append(y, y[-1] + (shares[after] - y[-1]) * (limit - x[-1]) / (rates[after] - x[-1]))
        x = np.append(x, limit)
    return float(np.trapezoid(y, x) / limit), len(regions)


def main():
    random = np.random.default_rng(7)
    entries = []
    for count, places in [(20, 1), (200, 2), (500, 6), (7, 1)]:
        labels = random.integers(0, 2, count)
        labels[:2] = [0, 1]
        scores = np.round(np.clip(random.normal(0.4 + 0.2 * labels, 0.25), 0, 1), places)
        entries.append({
            "kind": "ranking", "labels": labels.tolist(), "scores": scores.tolist(), **ranking(labels, scores)})
    for pictures, size, coarse in [(3, 24, 4000), (4, 16, 1)]:
        maps, masks = [], []
        for picture in range(pictures):
            mask = np.zeros((size, size), dtype=int)
            if picture > 0:
                for _ in range(3):
                    x, y = random.integers(0, size - 5, 2)
                    mask[y:y + random.integers(1, 5), x:x + random.integers(1, 5)] = 1
                mask[0, 0] = mask[1, 1] = 1
            noise = np.clip(0.35 * mask + random.uniform(0, 0.7, (size, size)), 0, 1)
            maps.append(np.round(noise * STEPS / coarse).astype(int) * coarse)
            maps[-1] = np.minimum(maps[-1], STEPS)
            masks.append(mask)
        flat = np.concatenate([map.ravel() for map in maps]) / STEPS
        truth = np.concatenate([mask.ravel() for mask in masks])
        area, regions = aupro(maps, masks)
        entries.append({
            "kind": "regions", "size": size, "maps": [map.ravel().tolist() for map in maps],
            "masks": [mask.ravel().tolist() for mask in masks], "aupro": area, "regions": regions,
            "pixel_auroc": roc_auc_score(truth, flat), "pixel_average_precision": average_precision_score(truth, flat),
        })
    for b, c in [(0, 0), (0, 1), (5, 5), (3, 12), (40, 71), (900, 700), (0, 60), (6000, 5000)]:
        p = stats.binomtest(min(b, c), b + c).pvalue if b + c else 1.0
        entries.append({"kind": "mcnemar", "b": b, "c": c, "p": float(p)})
    with open(os.path.join(HERE, "scores.json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries) + "\n]\n")


main()
