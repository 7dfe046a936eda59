-- Adds to a live job, as new items, the questions of a request that no open item covers. A running item covers the
-- questions as they were when it was first claimed. Returns no row if the job is no longer live.
create or replace function grow_tabular_job(
  job_id uuid, "only" text[], column_ids uuid[], document_ids uuid[], budget numeric
) returns table (total_items int, added_items int) language plpgsql volatile as $$
#variable_conflict use_column
declare
  job tabular_jobs;
  wider boolean;
  added int;
begin
  -- Its last item cannot end meanwhile.
  select j.* into job from tabular_jobs j
  where j.id = grow_tabular_job.job_id and j.status in ('pending', 'running') and j.cancel_requested_at is null
  for no key update;
  if not found then
    return;
  end if;
  wider := not grow_tabular_job."only" <@ job."only"
           or job.column_ids is not null
              and (grow_tabular_job.column_ids is null or not grow_tabular_job.column_ids <@ job.column_ids);

  with wanted as materialized (
    select d.document_id, d.position as place, col.id as column_id,
         coalesce(bool_or(open_item.covers), false) as covered,
         coalesce(bool_or(open_item.covers), false) and col.created_at > coalesce(job.grown_at, job.created_at) as uncounted
  from review_documents d
  join tabular_columns col on col.review_id = d.review_id
  left join tabular_cells c
    on c.review_id = d.review_id and c.document_id = d.document_id and c.column_id = col.id
  left join lateral (
    select (coalesce(i.column_ids, job.column_ids) is null or col.id = any(coalesce(i.column_ids, job.column_ids)))
           and job_asks(job.id, job.created_at, coalesce(i."only", job."only"), job.model, job.prompt_version, c, col.version)
           and (i.status = 'pending' or greatest(col.created_at, col.updated_at) < i.started_at) as covers
    from tabular_job_items i
    where i.job_id = job.id and i.document_id = d.document_id and i.completed_at is null) open_item on true
  where d.review_id = job.review_id
    and (grow_tabular_job.document_ids is null or d.document_id = any(grow_tabular_job.document_ids))
    and (grow_tabular_job.column_ids is null or col.id = any(grow_tabular_job.column_ids))
    and job_asks(job.id, job.created_at, grow_tabular_job."only", job.model, job.prompt_version, c, col.version)
  group by d.document_id, d.position, col.id, col.created_at
  ), added as (
    insert into tabular_job_items (job_id, review_id, document_id, position, column_ids, "only")
    select job.id, job.review_id, w.document_id,
           job.total_items + row_number() over (order by min(w.place), w.document_id), array_agg(w.column_id),
           grow_tabular_job."only"
    from wanted w where not w.covered group by w.document_id
    returning 1
  ), pinned as (  -- earlier requests are asked in their old form
    update tabular_job_items i
    set column_ids = coalesce(i.column_ids, job.column_ids), "only" = coalesce(i."only", job."only")
    where wider and i.job_id = job.id and i.completed_at is null
  ), counted as (
    select (select count(*) from added)::int as items,
           (select count(*) from wanted w where not w.covered or w.uncounted) as cells
  )
  update tabular_jobs j
  set total_items = j.total_items + t.items, total_cells = j.total_cells + t.cells,
      "only" = array(select distinct o from unnest(j."only" || grow_tabular_job."only") o order by o),
      column_ids = case when grow_tabular_job.column_ids is not null then
        case when j.column_ids is not null then
          array(select distinct o from unnest(j.column_ids || grow_tabular_job.column_ids) o) end end,
      budget = least(j.budget, grow_tabular_job.budget + job_cost(j)),
      grown_at = case when t.cells > 0 then clock_timestamp() else j.grown_at end,
      updated_at = now()
  from counted t
  where j.id = job.id
  returning t.items into added;
  perform wake_workers('tabular_jobs', job.id::text);
  return query select job.total_items + added, added;
end $$;
