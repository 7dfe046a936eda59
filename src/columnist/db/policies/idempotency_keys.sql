create policy mine on idempotency_keys to authenticated using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));
