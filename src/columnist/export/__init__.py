"""The grid as a file: XLSX, CSV, Parquet, JSON; written row by row, visible when complete."""
