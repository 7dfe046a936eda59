create policy myself on users to authenticated using (id = (select auth.uid()));
