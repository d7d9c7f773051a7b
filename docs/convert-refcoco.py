"""Brings RefCOCO's pickle into the processed form that `ar1 data check` and a training read.

    python3 convert-refcoco.py refcoco/refs\\(unc\\).p refcoco/instances.json --name refcoco --output data/refcoco \
        --pictures coco/train2014

writes data/refcoco/refcoco_train.jsonl, refcoco_val.jsonl, refcoco_testA.jsonl …: one line per expression,
{"id", "image", "problem", "solution": [x1, y1, x2, y2]} in original pixels. Standard library only.

A pickle is a program. This reader lets it build lists, dictionaries, numbers and texts, and refuses everything else.
"""

import argparse
import json
import os
import pickle


class PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}; a list of references needs no such thing")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("references", help="refs(unc).p, refs(google).p or refs(umd).p")
    parser.add_argument("instances", help="instances.json beside it")
    parser.add_argument("--name", required=True, choices=["refcoco", "refcocop", "refcocog"])
    parser.add_argument("--output", required=True)
    parser.add_argument("--pictures", default="", help="folder of the pictures as rows are to name it")
    options = parser.parse_args()

    with open(options.references, "rb") as file:
        try:
            references = PlainUnpickler(file, encoding="utf-8").load()
        except pickle.UnpicklingError as error:
            raise SystemExit(f"{options.references}: {error}")
    with open(options.instances, encoding="utf-8") as file:
        instances = json.load(file)
    boxes = {annotation["id"]: annotation["bbox"] for annotation in instances["annotations"]}
    # A reference's own file name carries the annotation's number; the picture's stands among the images.
    pictures = {image["id"]: image["file_name"] for image in instances["images"]}

    rows = {}
    for reference in references:
        x, y, width, height = boxes[reference["ann_id"]]
        for number, sentence in enumerate(reference["sentences"]):
            rows.setdefault(reference["split"], []).append({
                "id": f'{reference["ref_id"]}-{sentence.get("sent_id", number)}',
                "image": os.path.join(options.pictures, pictures[reference["image_id"]]),
                "problem": sentence["sent"],
                "solution": [x, y, x + width, y + height],
            })
    os.makedirs(options.output, exist_ok=True)
    for split, entries in sorted(rows.items()):
        path = os.path.join(options.output, f"{options.name}_{split}.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for entry in entries:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        print(f"{len(entries)} rows in {path}")


main()
