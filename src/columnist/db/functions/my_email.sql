-- The address of the caller's claims, in lower case; null if there is none.
create or replace function my_email() returns text language sql stable as $$
  select lower(nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email', ''))
$$;
