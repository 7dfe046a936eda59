-- Of two requests with one key at the same time, the second waits here for the first one's commit.
insert into idempotency_keys (user_id, key, request_hash) values (%(user_id)s, %(key)s, %(request_hash)s)
on conflict do nothing
