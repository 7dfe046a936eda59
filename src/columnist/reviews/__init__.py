"""Reviews, columns, cells: what a user edits and sees."""
