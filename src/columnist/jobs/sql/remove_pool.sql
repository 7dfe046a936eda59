-- A pool ends.
delete from tabular_workers where id = %(worker_id)s
