"""Answers: their content, the typed value of their text, the flag that a playbook gives them."""
