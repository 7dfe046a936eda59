"""Reviews, columns, cells: the things that a user edits and sees."""
