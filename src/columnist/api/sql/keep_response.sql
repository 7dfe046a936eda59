update idempotency_keys set response = %(response)s where user_id = %(user_id)s and key = %(key)s
