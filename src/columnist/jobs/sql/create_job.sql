-- generate: one job and one item per document that has a question to ask, in one statement. Returns no row while the
-- review has a live job (tabular_jobs_one_live_per_review).
with asked_columns as (
  select id, version from tabular_columns
  where review_id = %(review_id)s and (%(column_ids)s::uuid[] is null or id = any(%(column_ids)s))
), answered as (
  select c.document_id, count(*) as cells,
         count(*) filter (where job_asks(null, %(only)s, %(model)s, %(prompt_version)s, c.status, c.job_id, c.edited_at,
                                         c.column_version, c.model, c.prompt_version, col.version)) as asked
  from tabular_cells c join asked_columns col on col.id = c.column_id
  where c.review_id = %(review_id)s
  group by c.document_id
), todo as (
  select d.document_id, d.position, t.cells
  from review_documents d
  left join answered a using (document_id)
  cross join lateral (
    select coalesce(a.asked, 0)
           + case when %(only)s::text[] && array['missing', 'all']
             then (select count(*) from asked_columns) - coalesce(a.cells, 0) else 0 end as cells) t
  where d.review_id = %(review_id)s
    and (%(document_ids)s::uuid[] is null or d.document_id = any(%(document_ids)s))
    and t.cells > 0
), job as (
  insert into tabular_jobs (review_id, user_id, model, prompt_version, "only", column_ids, price_prompt, price_cached,
                            price_completion, budget, total_items, total_cells, status, completed_at)
  select %(review_id)s, %(user_id)s, %(model)s, %(prompt_version)s, %(only)s, %(column_ids)s::uuid[], %(price_prompt)s,
         %(price_cached)s, %(price_completion)s, %(budget)s, count(*), coalesce(sum(cells), 0), case when count(*) = 0 then 'completed' else 'pending' end,
         case when count(*) = 0 then now() end
  from todo
  on conflict (review_id) where status in ('pending', 'running') do nothing
  returning id, review_id, total_items
), items as (
  insert into tabular_job_items (job_id, review_id, document_id, position)
  select job.id, job.review_id, todo.document_id, row_number() over (order by todo.position, todo.document_id)
  from job cross join todo
)
select id as job_id, total_items, pg_notify('tabular_jobs', id::text) is null as notified from job
