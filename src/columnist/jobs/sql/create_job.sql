-- generate: one job and one item per document that has a question to ask, in one statement. Returns no row while the
-- review has a live job (tabular_jobs_one_live_per_review).
with todo as materialized (
  select * from items_to_ask(%(review_id)s, %(only)s, %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                             %(document_ids)s::uuid[])
), job as (
  insert into tabular_jobs (review_id, user_id, model, prompt_version, "only", column_ids, price_prompt, price_cached,
                            price_completion, budget, in_batches, total_items, total_cells, status, completed_at)
  select %(review_id)s, %(user_id)s, %(model)s, %(prompt_version)s, %(only)s, %(column_ids)s::uuid[], %(price_prompt)s,
         %(price_cached)s, %(price_completion)s, %(budget)s, %(batch)s, count(*), coalesce(sum(cells), 0), case when count(*) = 0 then 'completed' else 'pending' end,
         case when count(*) = 0 then now() end
  from todo
  on conflict (review_id) where status in ('pending', 'running') do nothing
  returning id, review_id, total_items
), items as (
  insert into tabular_job_items (job_id, review_id, document_id, position)
  select job.id, job.review_id, todo.document_id, row_number() over (order by todo.position, todo.document_id)
  from job cross join todo
)
select id as job_id, total_items, wake_workers('tabular_jobs', id::text) as notified from job
