"""E-mails and the files that are attached to them."""
