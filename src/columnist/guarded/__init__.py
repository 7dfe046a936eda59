"""Processes that a hostile file may take over without gaining anything: started by the template, closed, used once."""
