-- The documents that the user may see, newest first, or one of them, with the results of reading; `total` counts them
-- all.
select d.id, d.name, coalesce(d.path, d.name) as path, d.sha256, d.size_bytes, k.media_type, k.page_count, k.characters, k.ocr_pages,
       k.unread_pages, k.language, row_to_json(k) as content, k.error,
       (select coalesce(o.path, o.name) from documents o
        where o.user_id = d.user_id and o.sha256 = d.sha256 and (o.created_at, o.id) < (d.created_at, d.id)
        order by o.created_at, o.id limit 1) as same_as,
       (select max(o.created_at) from documents o
        where o.user_id = d.user_id and case when o.path is null then o.name else o.path end = case when d.path is null then d.name else d.path end
          and o.created_at > d.created_at) as newer_file_at,
       coalesce(d.user_id = auth.uid(), false) as mine, d.created_at, d.total
from (
  select d.*, count(*) over ()::int as total
  from documents d
  where (%(document_id)s::uuid is null or d.id = %(document_id)s)
    and (%(q)s::text is null or strpos(lower(coalesce(d.path, d.name)), lower(%(q)s)) > 0)
  order by d.created_at desc, d.id
  limit %(limit)s offset %(offset)s) d
left join document_readings k on k.document_id = d.id
order by d.created_at desc, d.id
