select request_hash, response from idempotency_keys where user_id = %(user_id)s and key = %(key)s
