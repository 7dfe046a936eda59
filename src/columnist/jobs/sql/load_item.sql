-- The data with which a worker answers an item: the document, and the questions that it still must ask. No row if the
-- document or the review is gone.
select d.name as document_name, d.sha256, v.user_id as owner, coalesce(i."only", j."only") as "only",
       coalesce(jsonb_agg(jsonb_build_object('id', col.id, 'name', col.name, 'prompt', col.prompt, 'format', col.format,
                                             'tags', col.tags, 'rules', col.rules, 'unit', col.unit, 'second_reading', col.second_reading,
                                             'version', col.version)
                          order by col.index, col.id) filter (where col.id is not null), '[]') as columns
from tabular_job_items i
join tabular_jobs j on j.id = i.job_id
join review_documents r on r.review_id = j.review_id and r.document_id = i.document_id
join documents d on d.id = r.document_id
join tabular_reviews v on v.id = j.review_id
left join lateral columns_to_ask(j, i) col on true
where i.id = %(item_id)s
group by d.name, d.sha256, v.user_id, i."only", j."only"
