create policy myself on users to authenticated using (id = (select auth.uid()));
create policy gate on users to columnist_gate using (true) with check (true);
