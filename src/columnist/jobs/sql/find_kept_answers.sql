-- The kept answers about a document, from calls whose answers were not all written: of any job, or of one.
select key, answer from tabular_calls
where review_id = %(review_id)s and document_id = %(document_id)s and key is not null
  and (%(job_id)s::uuid is null or job_id = %(job_id)s)
order by made_at
