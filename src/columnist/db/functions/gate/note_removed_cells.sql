-- After cells were removed with their row or column: notes it for the feed, and removes their words from the history.
-- The cells of a deleted review need no note.
create or replace function note_removed_cells() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.tabular_removed_cells (review_id, document_id, column_id, changed_xid)
  select gone.review_id, gone.document_id, gone.column_id, pg_current_xact_id()
  from gone
  where exists (select from public.tabular_reviews r where r.id = gone.review_id)
  order by gone.review_id, gone.document_id, gone.column_id  -- locked in one order
  on conflict (review_id, document_id, column_id) do update set changed_xid = excluded.changed_xid;
  update public.tabular_cell_changes h set before = null, after = null
  from gone
  where (h.review_id, h.document_id, h.column_id) = (gone.review_id, gone.document_id, gone.column_id)
    and (h.before is not null or h.after is not null);
  return null;
end $$;
