create policy mine on column_templates to authenticated using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));
