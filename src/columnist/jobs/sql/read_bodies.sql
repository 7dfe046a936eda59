-- The next calls of a batch to submit.
select id, body from tabular_batch_requests
where batch_id = %(batch_id)s and body is not null and id > %(after)s order by id limit %(limit)s
