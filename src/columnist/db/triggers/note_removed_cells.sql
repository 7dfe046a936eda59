create or replace trigger note_removed after delete on tabular_cells referencing old table as gone
  for each statement execute function note_removed_cells();
