-- A column's version grows with every edit that changes its question: its answers are then stale, which the feed
-- reports, and the unit of its numbers is chosen anew. For a number, a name with a unit is a part of the question.
create or replace function version_tabular_column() returns trigger language plpgsql as $$
declare
  units constant text := '\m(day|week|month|year|hour|minute|feet|foot|metre|meter|mile|acre|hectare|km|kg|ton)\w*';
begin
  if (new.prompt, new.format, new.tags, new.rules) is distinct from (old.prompt, old.format, old.tags, old.rules)
     or new.format = 'number' and substring(lower(new.name), units) is distinct from substring(lower(old.name), units)
  then
    new.version := old.version + 1;
    new.unit := null;
    new.asked_xid := pg_current_xact_id();
  end if;
  new.updated_at := now();
  return new;
end $$;
