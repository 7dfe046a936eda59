create or replace trigger version before update on tabular_columns
  for each row execute function version_tabular_column();
