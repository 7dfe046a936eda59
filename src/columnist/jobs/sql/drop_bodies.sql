-- A batch was accepted: what it asks is with the provider.
update tabular_batch_requests set body = null where batch_id = %(id)s and body is not null
