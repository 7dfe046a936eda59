-- The address of the caller's claims, in lower case; null if there is none, or if it has letters outside ASCII: in lower
-- case some of those are letters of somebody else's address.
create or replace function my_email() returns text language sql stable as $$
  select lower(told.email)
  from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email' as email) told
  where told.email ~ '^[ -~]+$'
$$;
