"""The grid as a file: XLSX, CSV, Parquet or JSON, written row by row and visible when complete."""
