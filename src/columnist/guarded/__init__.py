"""Processes that a hostile file may take over without gaining anything: forked by the template, closed, used once."""
