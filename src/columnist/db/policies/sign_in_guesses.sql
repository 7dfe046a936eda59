create policy gate on sign_in_guesses to columnist_gate using (true) with check (true);
