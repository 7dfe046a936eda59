-- Notes the contents of deleted documents for the sweep; as the gate, because no other role sees all contents.
create or replace function note_loose_contents() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.loose_contents (sha256)
  select distinct gone.sha256 from gone order by 1  -- locked in one order
  on conflict (sha256) do update set since = now();
  return null;
end $$;
