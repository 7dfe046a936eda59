-- Notes the cells that went with their row or column, for the feed. Those of a deleted review are nobody's news.
create or replace function note_removed_cells() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.tabular_removed_cells (review_id, document_id, column_id, changed_xid)
  select gone.review_id, gone.document_id, gone.column_id, pg_current_xact_id()
  from gone
  where exists (select from public.tabular_reviews r where r.id = gone.review_id)
  order by gone.review_id, gone.document_id, gone.column_id  -- locked in one order
  on conflict (review_id, document_id, column_id) do update set changed_xid = excluded.changed_xid;
  return null;
end $$;
