create policy work on columnist_migrations for select to columnist_worker using (true);
