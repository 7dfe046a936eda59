-- Whether the review has a document of one of these names.
select exists (
  select from review_documents r join documents d on d.id = r.document_id
  where r.review_id = %(review_id)s and d.name = any(%(names)s)) as found
