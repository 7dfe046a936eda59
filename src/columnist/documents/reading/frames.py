"""The frames in which the reading subprocess answers its parent; both know the head."""

import struct

FRAME = struct.Struct("<cII")
"""Kind (b"P" page, b"A" attached, b"E" error, b"D" done), length of its JSON, length of its packed boxes, picture or
content."""
