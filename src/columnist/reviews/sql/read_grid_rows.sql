-- The rows of a review with their cells for export: read through a cursor, one index range per document. `citations`
-- are null unless requested; `value` is text, so that a value that cannot be parsed spoils no row.
select d.id as document_id, d.name as document, coalesce(d.path, d.name) as path, k.page_count, k.language,
       beside.same_as, beside.newer_file_at, row_to_json(k) as content, k.error, coalesce(c.cells, '[]') as cells
from review_documents r
join documents d on d.id = r.document_id
cross join lateral files_beside(r, d) beside
left join document_readings k on k.document_id = d.id
left join lateral (
  select json_agg(shown) as cells  -- half again as fast as json_build_object
  from tabular_cells c
  join tabular_columns col on col.id = c.column_id
  cross join lateral (
    select c.column_id, c.status, c.summary, c.value::text as value, c.value_format, c.flag, c.rule, c.reasoning,
           case when %(citations)s then c.citations end as citations, c.verified, c.error,
           c.attempt_error, c.attempted_at, is_stale(c, col.version) as stale,
           coalesce(is_outdated(c, %(model)s, %(prompt_version)s), false) as outdated, c.model, c.prompt_version,
           c.column_version, c.job_id, c.edited_at, c.edited_by, c.verified_at, c.verified_by, c.prompt_tokens,
           c.cached_tokens, c.completion_tokens, c.doubt,
           -- The answer that a person's answer has replaced.
           case when c.edited_at is not null then (
             select h.before from tabular_cell_changes h
             where h.review_id = c.review_id and h.document_id = c.document_id and h.column_id = c.column_id
               and h.action = 'edit' and h.before ->> 'status' = 'done' and h.before ->> 'edited_by' is null
             order by h.id desc limit 1) end as before) shown
  where c.review_id = r.review_id and c.document_id = r.document_id
    and (%(column_ids)s::uuid[] is null or c.column_id = any(%(column_ids)s))) c on true
where r.review_id = %(review_id)s and (%(document_ids)s::uuid[] is null or r.document_id = any(%(document_ids)s))
order by r.position, r.document_id
