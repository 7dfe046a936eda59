"""What a reading process writes for the process that guards it: frames, of which both know the head."""

import struct

FRAME = struct.Struct("<cII")
"""Kind (b"P" page, b"A" attached, b"E" error, b"D" done), length of its JSON, length of its packed boxes, picture or
content."""
