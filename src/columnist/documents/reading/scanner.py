"""The work of a guarded child that reads pictures: like `child`, with the models of OCR loaded."""

from PIL import Image, ImageDraw, ImageFont

from columnist.documents.reading import child
from columnist.documents.reading.child import answer
from columnist.documents.reading.pictures import ocr

__all__ = ["answer", "warm"]


def warm() -> None:
    """Load what reading needs, and all models: a picture of a few words uses them all."""
    child.warm()
    picture = Image.new("RGB", (400, 100), "white")
    ImageDraw.Draw(picture).text((20, 20), "A few words", "black", ImageFont.load_default(40))
    ocr.read_picture(picture, 400, 100)
