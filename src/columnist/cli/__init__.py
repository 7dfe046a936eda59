"""The command line: `main` holds the commands, `screen` what they draw."""
