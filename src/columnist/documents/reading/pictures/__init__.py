"""Pictures as pages, and their words by OCR."""
