-- What generate would ask now, a row for each document. Null: it was not read, or was read before its text was
-- measured.
select t.cells::int, d.name, d.size_bytes, k.document_id is not null as is_read, k.page_count as pages, k.tokens, k.page_bytes,
       k.characters
from items_to_ask(%(review_id)s, %(only)s, %(model)s, %(prompt_version)s, %(column_ids)s::uuid[],
                  %(document_ids)s::uuid[]) t
join documents d on d.id = t.document_id
left join document_readings k on k.document_id = d.id and k.error is null
