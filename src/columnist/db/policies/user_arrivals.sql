create policy gate on user_arrivals to columnist_gate using (true) with check (true);
