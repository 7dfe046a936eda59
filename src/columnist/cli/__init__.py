"""The command line: `main` holds the commands, `screen` their output."""
