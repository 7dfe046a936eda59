delete from idempotency_keys where user_id = %(user_id)s and created_at < now() - %(kept)s::interval
