"""From a quote to its place: page and rectangles."""
