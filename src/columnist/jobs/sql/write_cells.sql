-- A worker writes a group of answers, and what they cost. Fenced: `holder` is empty when the attempt is no longer the
-- current one; its row lock keeps the item from being taken over until the cells are there. A write whose reply was
-- lost is sent again under the same number, and is not made twice. Returns whether the item was still held.
with holder as (
  update tabular_job_items
  set write_count = %(write_number)s,
      done_cells = done_cells + %(done)s, error_cells = error_cells + %(failed)s,
      prompt_tokens = prompt_tokens + %(prompt_tokens)s, cached_tokens = cached_tokens + %(cached_tokens)s,
      completion_tokens = completion_tokens + %(completion_tokens)s
  where id = %(item_id)s and attempt_count = %(attempt)s and status = 'running' and write_count < %(write_number)s
  returning review_id, document_id, job_id
), written as (
  insert into tabular_cells (
    review_id, document_id, column_id, status, summary, value, flag, rule, reasoning, citations, verified,
    error, column_version, model, prompt_version, answer_key, prompt_tokens, cached_tokens, completion_tokens, job_id, changed_xid)
  select h.review_id, h.document_id, col.id, a.status, a.summary, a.value, a.flag, a.rule, a.reasoning, coalesce(a.citations, '[]'),
         a.verified, a.error, a.column_version, %(model)s, %(prompt_version)s, decode(a.answer_key, 'hex'),
         a.prompt_tokens, a.cached_tokens, a.completion_tokens, h.job_id, pg_current_xact_id()
  from holder h
  cross join jsonb_to_recordset(%(answers)s) as a (
    column_id uuid, status text, summary text, value jsonb, flag text, rule text, reasoning text, citations jsonb,
    verified boolean, error text, column_version int, answer_key text, prompt_tokens int, cached_tokens int, completion_tokens int)
  -- A column or document that was removed meanwhile takes its cells with it.
  join tabular_columns col on col.id = a.column_id
  join review_documents d on d.review_id = h.review_id and d.document_id = h.document_id
  on conflict (review_id, document_id, column_id) do update
  set status = excluded.status, summary = excluded.summary, value = excluded.value, flag = excluded.flag, rule = excluded.rule,
      reasoning = excluded.reasoning, citations = excluded.citations, verified = excluded.verified, error = excluded.error,
      column_version = excluded.column_version, model = excluded.model, prompt_version = excluded.prompt_version,
      answer_key = excluded.answer_key, prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,
      completion_tokens = excluded.completion_tokens, job_id = excluded.job_id, edited_at = null
  -- A person's answer stays, if it is younger than the job, or if not everything was asked for.
  where tabular_cells.edited_at is null
     or exists (select from tabular_jobs j
                where j.id = excluded.job_id and 'all' = any(j."only") and j.created_at > tabular_cells.edited_at)
)
select exists (select from holder)
    or exists (select from tabular_job_items
               where id = %(item_id)s and attempt_count = %(attempt)s and status = 'running'
                 and write_count >= %(write_number)s) as held
