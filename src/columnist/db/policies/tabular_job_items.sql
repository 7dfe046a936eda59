create policy see on tabular_job_items for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy add on tabular_job_items for insert to authenticated
  with check (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy change on tabular_job_items for update to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy remove on tabular_job_items for delete to authenticated
  using (can_access_review(review_id, array(select my_review_ids('editor'))));
create policy work on tabular_job_items to columnist_worker using (true) with check (true);
create policy gate on tabular_job_items to columnist_gate using (true);
