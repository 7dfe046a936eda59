create policy mine on api_tokens to authenticated using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));
-- A token also acts for its e-mail address.
create policy own_email on api_tokens as restrictive for insert to authenticated
  with check (email = coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email', ''));
-- Every token ends: its owner may have left long ago.
create policy ends on api_tokens as restrictive for insert to authenticated
  with check (expires_at is not null and expires_at < now() + interval '366 days');
create policy gate on api_tokens to columnist_gate using (true) with check (true);
