create or replace trigger stamp before insert or update on tabular_cells
  for each row execute function stamp_tabular_cell();
