-- A window of the grid: its rows, the compact cells of each as JSON text, and in each the number of matching rows;
-- without rows a single row with that number. Only the window's own cells are read; filters and order (reviews/grid.py)
-- use only indexes.
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
select t.total, p.document_id::text, d.name as document, coalesce(d.path, d.name) as path, k.page_count, k.ocr_pages,
       k.unread_pages, row_to_json(k) as content, k.error,
       beside.same_as, beside.newer_file_at,
       array(select distinct a.column_id::text from awaited_columns(%(review_id)s, p.document_id) a) as awaited,
       coalesce(c.cells::text, '{{}}') as cells
from (select count(*) as total from matching) t
left join page p on true
left join review_documents own on own.review_id = %(review_id)s and own.document_id = p.document_id
left join documents d on d.id = p.document_id
left join lateral files_beside(own, d) beside on true
left join document_readings k on k.document_id = d.id
left join lateral (
  select json_object_agg(c.column_id, row_to_json(compact)) as cells
  from tabular_cells c
  join tabular_columns col on col.id = c.column_id
  cross join lateral compact_cell(c, col.version, %(model)s, %(prompt_version)s) compact
  where c.review_id = %(review_id)s and c.document_id = p.document_id
    and (%(column_ids)s::uuid[] is null or c.column_id = any(%(column_ids)s))) c on true
order by p.place
