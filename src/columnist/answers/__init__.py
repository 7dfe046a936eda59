"""What an answer is: its content, the typed value of its text, the flag that a playbook gives it."""
