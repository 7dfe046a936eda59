create policy see on tabular_reviews for select to authenticated
  using (user_id = (select auth.uid()) or can_access_review(id, array(select my_review_ids())));
create policy add on tabular_reviews for insert to authenticated with check (user_id = (select auth.uid()));
create policy change on tabular_reviews for update to authenticated
  using (can_access_review(id, array(select my_review_ids('editor'))));
create policy remove on tabular_reviews for delete to authenticated
  using (can_access_review(id, array(select my_review_ids('owner'))));
create policy work on tabular_reviews to columnist_worker using (true) with check (true);
create policy gate on tabular_reviews for select to columnist_gate using (true);
create policy gate_change on tabular_reviews for update to columnist_gate using (true) with check (true);
create policy gate_remove on tabular_reviews for delete to columnist_gate using (true);
