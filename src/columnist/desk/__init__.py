"""What a user does with Columnist, written once: each door (commands, HTTP, Python) parses, calls this and renders."""
