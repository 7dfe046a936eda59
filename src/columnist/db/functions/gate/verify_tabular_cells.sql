-- Verifies many answers as a person saw them, or takes that back: `cells` have a document_id, a column_id and the
-- updated_at that they saw. A cell that somebody is writing counts as changed: nobody waits here, so that there is no
-- deadlock. `tries`: only tells what would happen. Returns how many cells had which outcome ('done', or why one was left
-- as it is), and how many of them have a quote that was not found in the document.
create or replace function verify_tabular_cells(review_id uuid, cells jsonb, verified boolean, tries boolean)
returns table (outcome text, count bigint, unfound bigint)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  editor constant text := coalesce(public.my_email(), '');
  moment constant timestamptz := clock_timestamp();
begin
  if verify_tabular_cells.review_id not in (select public.my_review_ids('editor')) then
    raise insufficient_privilege using message = 'The caller is no editor of this review.';
  end if;
  return query
  with asked as (
    select distinct on (a.document_id, a.column_id) a.*
    from jsonb_to_recordset(verify_tabular_cells.cells) as a (document_id uuid, column_id uuid, updated_at timestamptz)
  ), held as materialized (
    select c as cell
    from public.tabular_cells c
    join asked a on a.document_id = c.document_id and a.column_id = c.column_id
    where c.review_id = verify_tabular_cells.review_id
    for no key update of c skip locked
  ), judged as materialized (
    select held.cell,
           case when verify_tabular_cells.verified then public.left_unverified(held.cell, col.version, a.updated_at)
                when (held.cell).updated_at is distinct from a.updated_at then 'changed'
                when (held.cell).verified_at is null then 'unverified' end as reason
    from asked a
    left join held on (held.cell).document_id = a.document_id and (held.cell).column_id = a.column_id
    left join public.tabular_columns col on col.id = a.column_id
  ), written as (
    update public.tabular_cells c
    set verified_at = case when verify_tabular_cells.verified then moment end,
        verified_by = case when verify_tabular_cells.verified then editor end, touched_at = moment, again_job_id = null
    from judged j
    where not verify_tabular_cells.tries and j.reason is null
      and (c.review_id, c.document_id, c.column_id) = ((j.cell).review_id, (j.cell).document_id, (j.cell).column_id)
    returning j.cell as old, c as cell
  ), noted as (
    insert into public.tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after)
    select (w.cell).review_id, (w.cell).document_id, (w.cell).column_id,
           case when verify_tabular_cells.verified then 'verify' else 'unverify' end,
           public.my_user_id(), editor, public.cell_content(w.old), public.cell_content(w.cell)
    from written w
  )
  select coalesce(j.reason, 'done'), count(*), count(*) filter (where (j.cell).verified is false)
  from judged j
  group by 1;
end $$;
