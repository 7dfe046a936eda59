"""PDF: its text layer, and what of it the page shows."""
