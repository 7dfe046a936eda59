-- A call to an LLM was billed: its cost is added to its job, whatever happens to the answer and the item. A count
-- whose reply was lost is sent again with the same id, and is not made twice. The answer is kept until
-- its document is answered, the row for a day.
-- The trigger pause_tabular_jobs pauses the job if its budget is spent.
with call as (
  insert into tabular_calls (id, job_id, review_id, document_id, key, answer)
  select %(call_id)s, j.id, j.review_id, %(document_id)s, a.key, a.answer
  from tabular_jobs j
  left join review_documents d on d.review_id = j.review_id and d.document_id = %(document_id)s
  left join (select %(key)s::bytea as key, %(answer)s::text as answer) a on d.document_id is not null
  where j.id = %(job_id)s
  on conflict (id) do nothing
  returning job_id
)
update tabular_jobs j
set prompt_tokens = j.prompt_tokens + %(prompt_tokens)s, cached_tokens = j.cached_tokens + %(cached_tokens)s,
    completion_tokens = j.completion_tokens + %(completion_tokens)s,
    -- Null if the prices are the job's.
    price_beside = j.price_beside + coalesce(
      tokens_price(%(prompt_tokens)s, %(cached_tokens)s, %(completion_tokens)s, %(price_prompt)s::numeric,
                   %(price_cached)s::numeric, %(price_completion)s::numeric)
      - job_price(j, %(prompt_tokens)s, %(cached_tokens)s, %(completion_tokens)s), 0)
from call where j.id = call.job_id
