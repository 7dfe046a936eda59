-- A column's version grows with every edit that changes what is asked. Its answers are then stale.
create or replace function version_tabular_column() returns trigger language plpgsql as $$
begin
  if (new.prompt, new.format, new.tags, new.rules) is distinct from (old.prompt, old.format, old.tags, old.rules) then
    new.version := old.version + 1;
  end if;
  new.updated_at := now();
  return new;
end $$;
