-- A worker writes a group of answers. Fenced: `holder` is empty when the attempt is no longer the
-- current one; its row lock keeps the item from being taken over until the cells are there. A write whose reply was
-- lost is sent again under the same number, and is not made twice. It writes cells that the job still asks; a failure
-- is noted beside an existing answer (note_failed_attempts). Returns whether the item was still held.
with holder as (
  update tabular_job_items i
  set write_count = %(write_number)s,
      done_cells = i.done_cells + %(done)s, error_cells = i.error_cells + %(failed)s
  from tabular_jobs j
  where i.id = %(item_id)s and i.attempt_count = %(attempt)s and i.status = 'running'
    and i.write_count < %(write_number)s and j.id = i.job_id
  returning i.document_id, j as job
), answers as materialized (
  select * from jsonb_to_recordset(%(answers)s) as a (
    column_id uuid, status text, summary text, value jsonb, value_format text, flag text, rule text, reasoning text,
    citations jsonb, doubt real, verified boolean, error text, column_version int, answer_key text, prompt_tokens int,
    cached_tokens int, completion_tokens int, model text, prompt_version text)
), was as materialized (
  select c as cell
  from holder h
  join tabular_cells c on c.review_id = (h.job).review_id and c.document_id = h.document_id
                      and c.column_id in (select a.column_id from answers a where a.status = 'done')
  where c.status = 'done' and (c.touched_at is not null or c.again_job_id is not null)
  for no key update of c
), written as (
  insert into tabular_cells as c (
    review_id, document_id, column_id, status, summary, value, value_format, flag, rule, reasoning, citations, doubt,
    verified, column_version, model, prompt_version, answer_key, prompt_tokens, cached_tokens, completion_tokens, job_id,
    changed_xid)
  select (h.job).review_id, h.document_id, col.id, a.status, a.summary, a.value, a.value_format, a.flag, a.rule,
         a.reasoning, coalesce(a.citations, '[]'), a.doubt, a.verified, a.column_version, coalesce(a.model, %(model)s),
         coalesce(a.prompt_version, %(prompt_version)s),
         decode(a.answer_key, 'hex'), a.prompt_tokens, a.cached_tokens, a.completion_tokens, (h.job).id,
         pg_current_xact_id()
  from holder h
  join answers a on a.status = 'done'
  cross join (select count(*) from was) locked  -- before anything is written
  -- A column or document that was removed meanwhile takes its cells with it.
  join tabular_columns col on col.id = a.column_id
  join review_documents d on d.review_id = (h.job).review_id and d.document_id = h.document_id
  on conflict (review_id, document_id, column_id) do update
  set status = excluded.status, summary = excluded.summary, value = excluded.value,
      value_format = excluded.value_format, flag = excluded.flag, rule = excluded.rule, reasoning = excluded.reasoning,
      citations = excluded.citations, doubt = excluded.doubt, verified = excluded.verified, error = null,
      column_version = excluded.column_version, model = excluded.model, prompt_version = excluded.prompt_version,
      answer_key = excluded.answer_key, prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,
      completion_tokens = excluded.completion_tokens, job_id = excluded.job_id, edited_at = null,
      attempt_error = null, attempted_at = null, attempt_job_id = null, again_job_id = null, touched_at = null
  where (select job_asks((h.job).id, (h.job).created_at, (h.job)."only", (h.job).model, (h.job).prompt_version, c,
                         col.version)
         from holder h, tabular_columns col where col.id = c.column_id)
  returning c as cell
), replaced as (
  insert into tabular_cell_changes (review_id, document_id, column_id, action, user_id, email, before, after)
  select (was.cell).review_id, (was.cell).document_id, (was.cell).column_id, 'replace', (h.job).user_id, (written.cell).model,
         cell_content(was.cell), cell_content(written.cell)
  from was join written on (written.cell).column_id = (was.cell).column_id cross join holder h
)
select exists (select from holder)
    or exists (select from tabular_job_items
               where id = %(item_id)s and attempt_count = %(attempt)s and status = 'running'
                 and write_count >= %(write_number)s) as held,
       (select note_failed_attempts(h.job, h.document_id, array_agg(a.column_id), array_agg(a.column_version),
                                    array_agg(a.error))
        from holder h join answers a on a.status = 'error'
        group by h.job, h.document_id) as failed_cells
