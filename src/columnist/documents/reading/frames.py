"""The kinds of frames that a reading child sends before its last one."""

PAGE = b"P"
"""A page: the fields of `Page` without its words, then the words, packed."""
ATTACHED = b"A"
"""An attachment: its name, whether it is an e-mail, and its content."""
