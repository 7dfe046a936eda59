create policy work on columnist_definitions for select to columnist_worker using (true);
