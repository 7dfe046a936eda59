update api_tokens set revoked_at = now() where id = %(token_id)s and revoked_at is null
