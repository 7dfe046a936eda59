-- Replies of a batch: each is kept and counted once, however often it is read. Its cost belongs to its job, even if the
-- document was removed meanwhile; then its text is not kept. The answers are also kept for other jobs.
with landed as (
  update tabular_batch_requests r
  set answered_at = clock_timestamp(), body = null, status = a.status,
      reply = case when is_in_review(r.review_id, r.document_id) then a.reply end
  from json_to_recordset(%(replies)s) as a (
    id uuid, status int, reply text, answer text, prompt_tokens int, cached_tokens int, completion_tokens int)
  where r.id = a.id and r.batch_id = %(batch_id)s and r.answered_at is null
  returning r.*, a.answer, a.prompt_tokens as prompt, a.cached_tokens as cached, a.completion_tokens as completion
), kept as (
  insert into tabular_calls (id, job_id, review_id, document_id, key, answer)
  select l.id, l.job_id, l.review_id, l.document_id, l.key, l.answer from landed l
  where l.answer is not null and l.reply is not null
  on conflict (id) do nothing
)
update tabular_jobs j
set prompt_tokens = j.prompt_tokens + t.prompt, cached_tokens = j.cached_tokens + t.cached,
    completion_tokens = j.completion_tokens + t.completion
from (select job_id, sum(prompt) as prompt, sum(cached) as cached, sum(completion) as completion
      from landed group by job_id) t
where j.id = t.job_id
