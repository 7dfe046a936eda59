-- Like auth.uid(), for the functions that run as columnist_gate: Supabase gives no new role access to its schema auth.
create or replace function my_user_id() returns uuid language sql stable as $$
  select nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub', '')::uuid
$$;
