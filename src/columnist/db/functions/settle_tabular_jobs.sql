-- The only place where jobs end. Runs once per statement that ends items: an item that ends as an
-- error leaves it in its cells (note_failed_item), its job's sums grow, and the job ends with its last item.
-- The ended items are counted in the new rows and subtracted for the old rows. A join of both would compare each with
-- each, because its plan is kept and was made for few rows. Nothing ends, and no table is named, where a deletion blanks
-- the errors of ended items: that runs with other rights, and looks for tables in no schema.
create or replace function settle_tabular_jobs() returns trigger language plpgsql as $$
begin
  if not exists (select from new_items n
                 where n.completed_at is not null
                   and n.id not in (select o.id from old_items o where o.completed_at is not null)) then
    return null;
  end if;

  -- Lock in one order: two pools may end items of the same two jobs at the same time.
  perform from tabular_jobs
  where id = any(array(select distinct n.job_id from new_items n)) order by id for no key update;

  update tabular_jobs j
  set completed_items = j.completed_items + t.completed,
      error_items = j.error_items + t.failed,
      skipped_items = j.skipped_items + t.skipped,
      done_cells = j.done_cells + t.done_cells,
      error_cells = j.error_cells + t.error_cells,
      -- A question that was added meanwhile, and that nobody has counted, was asked too.
      total_cells = greatest(j.total_cells, j.done_cells + t.done_cells + j.error_cells + t.error_cells),
      recent_items = j.recent_items * exp(-extract(epoch from clock_timestamp() - j.updated_at) / 60) + t.ended,
      started_at = coalesce(j.started_at, now()),
      updated_at = clock_timestamp(),
      status = case
        when j.completed_items + j.error_items + j.skipped_items + t.ended < j.total_items then j.status
        when j.cancel_requested_at is not null then 'cancelled'
        when j.error_items + t.failed = j.total_items then 'failed'
        else 'completed' end,
      error = case
        when j.error_items + t.failed = j.total_items then t.error
        else j.error end,
      completed_at = case
        when j.completed_items + j.error_items + j.skipped_items + t.ended >= j.total_items then clock_timestamp() end
  from (
    select e.job_id,
           sum(e.sign) as ended,
           coalesce(sum(e.sign) filter (where e.status = 'completed'), 0) as completed,
           coalesce(sum(e.sign) filter (where e.status = 'error'), 0) as failed,
           coalesce(sum(e.sign) filter (where e.status = 'skipped'), 0) as skipped,
           min(e.error) filter (where e.sign = 1 and e.status = 'error') as error,
           sum(e.sign * e.done_cells) as done_cells,
           sum(e.sign * e.error_cells + e.noted_cells) as error_cells
    from (
      select 1 as sign, n.job_id, n.status, n.error, n.done_cells, n.error_cells,
             case when n.status = 'error' and n.id not in (select o.id from old_items o where o.completed_at is not null) then
               (select note_failed_item(job, i, n.error)
                from tabular_job_items i join tabular_jobs job on job.id = i.job_id where i.id = n.id) else 0 end as noted_cells
      from new_items n where n.completed_at is not null
      union all
      select -1, o.job_id, o.status, o.error, o.done_cells, o.error_cells, 0
      from old_items o where o.completed_at is not null) e
    group by e.job_id
  ) t
  where j.id = t.job_id and t.ended <> 0;
  return null;
end $$;
