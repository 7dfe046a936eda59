-- The only place where jobs end. Runs once per statement that ends items, whoever ends them: an item that ends as an
-- error leaves it in its cells (note_failed_item), its job's sums grow, and the job ends with its last item.
create or replace function settle_tabular_jobs() returns trigger language plpgsql as $$
begin
  if not exists (select from new_items n join old_items o on o.id = n.id and o.completed_at is null
                 where n.completed_at is not null) then
    return null;
  end if;

  -- Lock in one order: two pools may end items of the same two jobs at the same time.
  perform from tabular_jobs
  where id in (select job_id from new_items) order by id for no key update;

  update tabular_jobs j
  set completed_items = j.completed_items + t.completed,
      error_items = j.error_items + t.failed,
      skipped_items = j.skipped_items + t.skipped,
      done_cells = j.done_cells + t.done_cells,
      error_cells = j.error_cells + t.error_cells,
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
           count(*) as ended,
           count(*) filter (where e.status = 'completed') as completed,
           count(*) filter (where e.status = 'error') as failed,
           count(*) filter (where e.status = 'skipped') as skipped,
           min(e.error) filter (where e.status = 'error') as error,
           sum(e.done_cells) as done_cells,
           sum(e.error_cells + e.noted_cells) as error_cells
    from (
      select n.*, case when n.status = 'error' then
               (select note_failed_item(job, i, n.error) from tabular_job_items i where i.id = n.id) else 0 end as noted_cells
      from new_items n
      join old_items o on o.id = n.id and o.completed_at is null and n.completed_at is not null
      join tabular_jobs job on job.id = n.job_id
      offset 0) e
    group by e.job_id
  ) t
  where j.id = t.job_id;
  return null;
end $$;
