"""The acts of a user, written once: each door (commands, HTTP, Python) parses, calls this and renders."""
