-- One cell in full; `missing` if it was never asked. No row if the review has no such row or column.
select r.document_id, col.id as column_id, coalesce(c.status, 'missing') as status, c.summary, c.value,
       c.value_format, c.flag,
       c.rule, c.reasoning, coalesce(c.citations, '[]') as citations, c.verified, c.error,
       c.attempt_error, c.attempted_at, coalesce(is_stale(c, col.version), false) as stale,
       coalesce(is_outdated(c, %(model)s, %(prompt_version)s), false) as outdated, c.model, c.prompt_version,
       coalesce(c.prompt_tokens, 0) as prompt_tokens, coalesce(c.cached_tokens, 0) as cached_tokens,
       coalesce(c.completion_tokens, 0) as completion_tokens, c.job_id, c.edited_at, c.edited_by, c.verified_at,
       c.verified_by, case when c.status = 'done' then is_checked(c, col.version) end as checked, c.updated_at, c.doubt
from review_documents r
join tabular_columns col on col.review_id = r.review_id and col.id = %(column_id)s
left join tabular_cells c on c.review_id = r.review_id and c.document_id = r.document_id and c.column_id = col.id
where r.review_id = %(review_id)s and r.document_id = %(document_id)s
