create policy see on review_members for select to authenticated
  using (can_access_review(review_id, array(select my_review_ids())));
create policy share on review_members to authenticated
  using (can_access_review(review_id, array(select my_review_ids('owner'))));
create policy gate on review_members for select to columnist_gate using (true);
