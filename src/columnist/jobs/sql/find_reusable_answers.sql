-- Earlier answers to the same question in the same call about the same text by the same model and prompt, in cells that
-- the job's user may see: of the same review, or of another one of that user. The newest of this review first.
select distinct on (c.answer_key)
       encode(c.answer_key, 'hex') as answer_key, c.summary, c.value, c.value_format, c.flag, c.rule, c.reasoning, c.citations,
       c.doubt, c.model, c.prompt_version
from tabular_cells c
join tabular_jobs j on j.id = %(job_id)s
join tabular_reviews v on v.id = c.review_id
where c.answer_key = any(%(answer_keys)s) and c.status = 'done' and c.edited_at is null
  and (c.review_id = j.review_id or v.user_id = j.user_id)
order by c.answer_key, c.review_id = j.review_id desc, c.updated_at desc, c.document_id, c.column_id
