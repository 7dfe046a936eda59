-- The rows of a review with their full cells, for export: read through a cursor, one index range per document.
select d.id as document_id, d.name as document, coalesce(d.path, d.name) as path, k.page_count, k.language, how_read(k) as how_read, k.error,
       coalesce(c.cells, '[]') as cells
from review_documents r
join documents d on d.id = r.document_id
left join document_contents k on k.sha256 = d.sha256
left join lateral (
  select jsonb_agg(jsonb_build_object(
           'column_id', c.column_id, 'status', c.status, 'summary', c.summary, 'value', c.value, 'flag', c.flag, 'rule', c.rule,
           'reasoning', c.reasoning, 'citations', c.citations, 'verified', c.verified, 'error', c.error,
           'stale', is_stale(c, col.version), 'model', c.model,
           'column_version', c.column_version,
           'prompt_tokens', c.prompt_tokens, 'cached_tokens', c.cached_tokens,
           'completion_tokens', c.completion_tokens)) as cells
  from tabular_cells c join tabular_columns col on col.id = c.column_id
  where c.review_id = r.review_id and c.document_id = r.document_id
    and (%(column_ids)s::uuid[] is null or c.column_id = any(%(column_ids)s))) c on true
where r.review_id = %(review_id)s and (%(document_ids)s::uuid[] is null or r.document_id = any(%(document_ids)s))
order by r.position, r.document_id
