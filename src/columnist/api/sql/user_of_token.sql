-- The user of a token; no row if it is revoked, expired or unknown.
select user_id, email, scope from user_of_api_token(%(hash)s)
