"""Writes masked.json: normalised correlation of templates with masks, for MaskedMatchingTests.

    python make_masked.py        (OpenCV, NumPy)

A mask of zeros and ones is scored by OpenCV, in single precision. Weights between, and an image with weights of its own, are
scored here by the definition: the weighted correlation coefficient of each window, planes with means of their own.
"""

import json
import pathlib

import cv2
import numpy as np

random = np.random.default_rng(20250218)


def definition(image, template, mask, visible):
    planes, h, w = template.shape
    rows, columns = image.shape[1] - h + 1, image.shape[2] - w + 1
    scores = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            weights = mask * visible[row:row + h, column:column + w]
            if weights.sum() < 0.5 * mask.sum():
                continue
            sums = np.zeros(3)
            for plane in range(planes):
                x, t = image[plane, row:row + h, column:column + w], template[plane]
                x, t = (v - (weights * v).sum() / weights.sum() for v in (x, t))
                sums += [(weights * t * x).sum(), (weights * t * t).sum(), (weights * x * x).sum()]
            scores[row, column] = sums[0] / np.sqrt(sums[1] * sums[2])
    return scores


def entry(array):
    array = np.asarray(array, dtype=np.float64)
    return {"shape": list(array.shape), "values": array.flatten().tolist()}


cases = {}
for planes in (1, 3):
    image = random.integers(0, 256, (planes, 22, 25)) / 256
    template = random.integers(0, 256, (planes, 7, 8)) / 256
    y, x = np.mgrid[0:7, 0:8]
    disc = ((y - 3) ** 2 + (x - 3.5) ** 2 <= 11).astype(float)
    soft = np.round(np.clip(1.5 - np.hypot(y - 3, x - 3.5) / 3, 0, 1) * 256) / 256
    visible = random.integers(0, 257, (22, 25)) / 256
    visible[:9, :10] = 0
    # The place where it is: the icon on the image, and something else beside it.
    image[:, 11:18, 13:21] = np.where(disc > 0, template, image[:, 11:18, 13:21])
    opencv = cv2.matchTemplate(
        np.ascontiguousarray(image.transpose(1, 2, 0), dtype=np.float32),
        np.ascontiguousarray(template.transpose(1, 2, 0), dtype=np.float32), cv2.TM_CCOEFF_NORMED,
        mask=np.repeat(disc[..., None], planes, 2).astype(np.float32).squeeze())
    everywhere = np.ones((22, 25))
    assert abs(opencv - definition(image, template, disc, everywhere)).max() < 1e-5
    cases[f"planes{planes}"] = {
        "image": entry(image), "template": entry(template), "disc": entry(disc), "soft": entry(soft),
        "visible": entry(visible), "opencv": entry(opencv),
        "softScores": entry(definition(image, template, soft, everywhere)),
        "visibleScores": entry(definition(image, template, soft, visible)),
        "visibleOnlyScores": entry(definition(image, template, np.ones((7, 8)), visible)),
    }

path = pathlib.Path(__file__).with_name("masked.json")
path.write_text(json.dumps(cases, separators=(",", ":")))
print(path, path.stat().st_size)
