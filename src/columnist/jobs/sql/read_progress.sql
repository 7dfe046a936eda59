-- Status of jobs, newest first. The sums over ended items are kept in the job's row; the running items are
-- among the first open ones, because claims follow the order of positions. `rate` is items a second over about the last
-- minute (exponential decay, settle_tabular_jobs).
select j.id, j.review_id, r.name as review_name, j.status, j.model, j.only, j.column_ids, j.error, j.total_items, j.completed_items,
       j.error_items, j.skipped_items, run.running_items, run.silent_items, run.silent_until,
       j.total_items - j.completed_items - j.error_items - j.skipped_items - run.running_items as pending_items,
       greatest(j.total_cells, j.done_cells + run.done_cells + j.error_cells + run.error_cells) as total_cells,
       j.done_cells + run.done_cells as done_cells, j.error_cells + run.error_cells as error_cells,
       j.prompt_tokens, j.cached_tokens, j.completion_tokens,
       job_cost(j) as price,
       j.budget, j.paused_at, j.pause_cause, j.pause_reason,
       -- Workers that are gone do not update this any more.
       case when j.status in ('pending', 'running') and j.llm_trouble_at > now() - interval '30 seconds' then j.llm_trouble end
         as llm_trouble,
       case when j.status = 'running' and j.paused_at is null then
         j.recent_items * exp(-extract(epoch from clock_timestamp() - j.updated_at) / 60)
         / (60 * (1 - exp(-greatest(extract(epoch from clock_timestamp() - j.started_at), 1) / 60))) end::float8 as rate,
       j.in_batches as batch, waits.submitted_at as batch_submitted_at, waits.requests as batch_requests, waits.answered as batch_answered,
       case when j.in_batches and j.status in ('pending', 'running') then
         (select b.trouble from tabular_batches b where b.job_id = j.id order by b.made_at desc limit 1) end as batch_trouble,
       j.created_at, j.started_at, j.completed_at, j.cancel_requested_at
from tabular_jobs j
join tabular_reviews r on r.id = j.review_id
cross join (select silent_workers() as workers) silent
cross join lateral (
  select count(*) filter (where i.status = 'running')::int as running_items, coalesce(sum(i.done_cells), 0)::int as done_cells,
         coalesce(sum(i.error_cells), 0)::int as error_cells,
         count(*) filter (where i.status = 'running' and i.worker_id = any(silent.workers))::int as silent_items,
         max(i.lease_expires_at) filter (where i.status = 'running' and i.worker_id = any(silent.workers)) as silent_until
  from (
    select * from tabular_job_items i where i.job_id = j.id and i.completed_at is null order by i.position limit 2000) i) run
cross join lateral (
  select min(b.submitted_at) as submitted_at, coalesce(sum(b.requests), 0)::int as requests,
         coalesce(sum(b.answered), 0)::int as answered
  from tabular_batches b where j.in_batches and b.job_id = j.id and b.ended_at is null) waits
where (%(job_id)s::uuid is null or j.id = %(job_id)s)
  and (%(review_id)s::uuid is null or j.review_id = %(review_id)s)
order by j.created_at desc
limit %(limit)s
