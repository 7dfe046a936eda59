-- The batches' replies to the calls of an item; null: the call still waits.
select key, status, reply from tabular_batch_requests where item_id = %(item_id)s
