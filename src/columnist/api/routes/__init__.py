"""One module per noun; each route checks its input, calls the function that does it, and shapes the answer."""
