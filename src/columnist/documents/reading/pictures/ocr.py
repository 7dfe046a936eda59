"""OCR of a page's picture by RapidOCR (extra `ocr`). Its wheel contains the models: nothing is downloaded.

A page on its side or upside down is rotated until it can be read; its boxes fit the page as it is shown.
"""

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, NamedTuple

from columnist.documents.model import WordBox
from columnist.documents.reading.pictures.columns import Placed, parted

if TYPE_CHECKING:
    from PIL.Image import Image

LONG_SIDE = 2000
"""Pixels of the longer side of the picture that is read: a Letter page at 182 dpi. RapidOCR shrinks larger ones."""

MEMORY_MB = 1536
"""Address space that OCR may use beyond what reading may."""

READABLE = 0.9
"""Mean confidence of an upright page's lines; measured: 0.97 to 0.99, and 0.63 upside down."""

_ROW = 0.5
"""Lines whose middles are closer than this many heights are in one row."""


class _Line(NamedTuple):
    """A piece of a line: its text, the confidence, its corners and those of its words, in pixels of the picture."""

    text: str
    confidence: float
    corners: Sequence[tuple[float, float]]
    words: Sequence[tuple[str, float, Sequence[tuple[float, float]]]]


def installed() -> bool:
    """Whether the extra `ocr` is installed."""
    return find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


def read_picture(picture: "Image", width: float, height: float) -> tuple[str, tuple[WordBox, ...]]:
    """The text of a page's picture in reading order, and a box for every word.

    `width` and `height`: of the page as it is shown, in points, as for the boxes. Raises MemoryError.
    """
    engine = _engine()
    import numpy as np

    shown = np.asarray(picture.convert("RGB"))[:, :, ::-1]
    turns, lines = 0, _lines(engine, shown)
    tall = sum(len(line.text) for line in lines if _is_tall(line.corners))
    if lines and 2 * tall > sum(len(line.text) for line in lines):
        candidates, confidence = [1, 3], 0.0
    else:
        candidates, confidence = [2], _confidence(lines)
    for candidate in candidates:
        if not lines or confidence >= READABLE:
            break
        turned = _lines(engine, np.ascontiguousarray(np.rot90(shown, candidate)))
        if _confidence(turned) > confidence:
            turns, lines, confidence = candidate, turned, _confidence(turned)

    rows, columns = shown.shape[:2]
    text: list[str] = []
    words: list[WordBox] = []
    length = 0
    for row in _in_reading_order(lines):
        for index, line in enumerate(row):
            position = 0
            for word, _, corners in line.words:
                position = line.text.index(word, position)
                places = [_shown(x, y, turns, columns, rows) for x, y in corners]
                xs = [x / columns * width for x, _ in places]
                ys = [y / rows * height for _, y in places]
                start = length + position
                words.append(WordBox(start, start + len(word), min(xs), min(ys), max(xs), max(ys)))
                position += len(word)
            text += [line.text, "\n" if index == len(row) - 1 else " "]
            length += len(line.text) + 1
    return "".join(text).rstrip("\n"), tuple(words)


@cache
def _engine() -> Any:
    """The models, loaded once per process. One thread: there is one reader per core."""
    import cv2
    import rapidocr

    cv2.setNumThreads(1)
    # Named files, because RapidOCR would download a missing one.
    models = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": LONG_SIDE,
            "Global.use_cls": False,
            "Global.return_word_box": True,
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
            # One by one is faster on a CPU: a batch is padded to its longest line.
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _lines(engine: Any, picture: Any) -> list[_Line]:
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

    try:
        result = engine(picture)
    except ONNXRuntimeError as error:
        raise MemoryError from error  # loaded models fail for no other reason
    if result.txts is None:
        return []
    lines = zip(result.txts, result.scores, result.boxes.tolist(), result.word_results, strict=True)
    return [_Line(*line) for line in lines]


def _confidence(lines: Sequence[_Line]) -> float:
    return fmean(line.confidence for line in lines) if lines else 0.0


def _is_tall(corners: Sequence[tuple[float, float]]) -> bool:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return max(ys) - min(ys) > 1.5 * (max(xs) - min(xs))


def _shown(x: float, y: float, turns: int, columns: int, rows: int) -> tuple[float, float]:
    """The place in the shown picture of a point in the picture that was rotated left by `turns` quarters."""
    return [(x, y), (columns - y, x), (columns - x, rows - y), (y, rows - x)][turns]


def _in_reading_order(lines: Sequence[_Line]) -> list[list[_Line]]:
    """The pieces in reading order: rows from top to bottom, each from left to right; of two columns the left one
    first."""
    slopes = [
        (right[1] - left[1]) / (right[0] - left[0])
        for (left, right, *_) in (line.corners for line in lines)
        if right[0] - left[0] > 100
    ]
    slope = median(slopes) if slopes else 0.0
    placed = []
    for line in lines:
        xs = [x + slope * y for x, y in line.corners]
        ys = [y - slope * x for x, y in line.corners]
        placed.append(Placed(line, min(xs), max(xs), fmean(ys), max(ys) - min(ys)))
    placed.sort(key=lambda one: one.y)
    return [row for block in parted(placed) for row in _rows(block)]


def _rows(lines: Sequence[Placed[_Line]]) -> list[list[_Line]]:
    rows: list[list[Placed[_Line]]] = []
    for line in lines:
        if rows and line.y - rows[-1][0].y < _ROW * min(line.height, rows[-1][0].height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [[one.item for one in sorted(row, key=lambda one: one.x0)] for row in rows]
