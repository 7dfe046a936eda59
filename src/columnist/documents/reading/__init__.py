"""From the bytes of a file to pages and words, in a subprocess that may do nothing else."""
