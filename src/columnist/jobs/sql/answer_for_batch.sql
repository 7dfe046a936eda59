-- A batch is completed, and its replies have landed: calls that it made without a reply have failed.
update tabular_batch_requests
set answered_at = clock_timestamp(), status = 502, reply = '{"error": {"message": "The batch has no reply to this call."}}'
where batch_id = %(batch_id)s and answered_at is null and body is null
