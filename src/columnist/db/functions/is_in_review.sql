-- Whether a document is a row of a review now: volatile, so that a statement that waited for a removal sees it.
create or replace function is_in_review(review_id uuid, document_id uuid) returns boolean language plpgsql volatile as $$
begin
  return exists (select from review_documents d
                 where (d.review_id, d.document_id) = (is_in_review.review_id, is_in_review.document_id));
end $$;
