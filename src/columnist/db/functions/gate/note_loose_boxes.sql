-- Notes the word boxes of readings that were deleted or replaced, for the sweep.
create or replace function note_loose_boxes() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.loose_contents (sha256)
  select distinct gone.boxes_key from gone order by 1  -- locked in one order
  on conflict (sha256) do update set since = now();
  return null;
end $$;
