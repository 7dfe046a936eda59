"""The kinds of frames that a reading child sends before its last one."""

PAGE = b"P"
"""A page: its fields except texts and words, and how many bytes each of its TEXTS has; then these, and the words,
packed."""
TEXTS = ("text", "hidden", "struck")
"""The fields of a page that may be long."""
ATTACHED = b"A"
"""An attachment: its name, whether it is an e-mail, and its content."""
