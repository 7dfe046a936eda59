create policy see on tabular_jobs for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
-- In the caller's own name: a job's user decides which answers it may reuse.
create policy add on tabular_jobs for insert to authenticated
  with check (can_access_review(review_id, array(select my_review_ids('editor'))) and user_id = (select auth.uid()));
create policy change on tabular_jobs for update to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy remove on tabular_jobs for delete to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy work on tabular_jobs to columnist_worker using (true) with check (true);
create policy gate on tabular_jobs to columnist_gate using (true);
