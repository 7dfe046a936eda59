"""One document × columns → contents: prompt, answer schema, typing, long documents, verification."""
