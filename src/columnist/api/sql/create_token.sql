-- Only the hash of a token is kept.
insert into api_tokens (user_id, email, name, hash, scope, expires_at)
values (%(user_id)s, %(email)s, %(name)s, %(hash)s, %(scope)s, now() + %(lifetime)s::interval)
returning id, name, scope, created_at, expires_at, last_used_at
