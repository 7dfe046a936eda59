create policy gate on accounts to columnist_gate using (true) with check (true);
