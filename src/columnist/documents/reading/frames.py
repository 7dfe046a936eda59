"""The kinds of frames in which a reading child answers before its last one."""

PAGE = b"P"
"""A page: the fields of `Page` without its words, and these, packed."""
ATTACHED = b"A"
"""An attachment: its name, whether it is an e-mail, and its content."""
