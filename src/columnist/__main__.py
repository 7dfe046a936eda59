"""`python -m columnist` is the command `columnist`."""

from columnist.cli.main import main

main()
