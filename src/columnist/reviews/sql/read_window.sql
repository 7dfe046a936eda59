-- A window of the grid as JSON: its rows with compact cells, and how many rows match. Only the window's own cells are
-- read; the filters and the order (reviews/grid.py) look at indexes alone.
with matching as {materialized} (
  select r.document_id, r.position
  from review_documents r
  where r.review_id = %(review_id)s {filters}
), page as materialized (
  select m.document_id, row_number() over (order by {order}, m.position, m.document_id) as place
  from matching m {sorted_by}
  order by {order}, m.position, m.document_id
  limit %(limit)s offset %(offset)s
)
select json_build_object(
  'rows', coalesce(json_agg(json_build_object(
    'document_id', p.document_id, 'document', d.name, 'path', coalesce(d.path, d.name), 'page_count', k.page_count, 'ocr_pages', k.ocr_pages,
    'unread_pages', k.unread_pages, 'how_read', how_read(k), 'error', k.error,
    'open', exists (
      select from tabular_jobs j join tabular_job_items i on i.job_id = j.id
      where j.review_id = %(review_id)s and j.status in ('pending', 'running')
        and i.document_id = p.document_id and i.completed_at is null),
    'awaited', (select coalesce(json_agg(distinct a.column_id), '[]')
                from awaited_columns(%(review_id)s, p.document_id) a),
    'cells', coalesce(c.cells, json_build_object())) order by p.place), '[]'),
  'total', (select count(*) from matching))::text as page
from page p
join documents d on d.id = p.document_id
left join document_contents k on k.sha256 = d.sha256
left join lateral (
  select json_object_agg(c.column_id, row_to_json(compact)) as cells
  from tabular_cells c
  join tabular_columns col on col.id = c.column_id
  cross join lateral compact_cell(c, col.version, %(model)s, %(prompt_version)s) compact
  where c.review_id = %(review_id)s and c.document_id = p.document_id
    and (%(column_ids)s::uuid[] is null or c.column_id = any(%(column_ids)s))) c on true
