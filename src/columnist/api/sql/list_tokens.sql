-- The user's API tokens that are not revoked, newest first (row-level security hides those of others).
select id, name, scope, created_at, expires_at, last_used_at from api_tokens where revoked_at is null order by created_at desc
