-- The first of these columns, and the first of these documents, that the review does not have.
select (select n.id from unnest(%(column_ids)s::uuid[]) n (id)
        where not exists (select from tabular_columns col where col.review_id = %(review_id)s and col.id = n.id)
        limit 1) as column_ids,
       (select n.id from unnest(%(document_ids)s::uuid[]) n (id)
        where not exists (select from review_documents d where d.review_id = %(review_id)s and d.document_id = n.id)
        limit 1) as document_ids
