create policy mine on user_usage for select to authenticated using (user_id = (select auth.uid()));
create policy gate on user_usage to columnist_gate using (true) with check (true);
