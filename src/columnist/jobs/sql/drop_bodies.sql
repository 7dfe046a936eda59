-- A batch was accepted: the provider has the text of its calls.
update tabular_batch_requests set body = null where batch_id = %(id)s and body is not null
