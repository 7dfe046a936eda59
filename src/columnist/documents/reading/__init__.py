"""From a file's bytes to pages and words, in a subprocess that may do nothing else."""
