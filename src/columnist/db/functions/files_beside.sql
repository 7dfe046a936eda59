-- Among the other rows of a review: the path of the first earlier one with the same content, and when the newest later
-- file of the same path was taken in. A set of one row, so that it is inlined in `from`.
create or replace function files_beside(r review_documents, d documents)
returns table (same_as text, newer_file_at timestamptz) language sql stable as $$
  select (select coalesce(o.path, o.name)
          from documents o join review_documents s on s.review_id = r.review_id and s.document_id = o.id
          where o.user_id = d.user_id and o.sha256 = d.sha256
            and (s.position, s.document_id) < (r.position, r.document_id)
          order by s.position, s.document_id limit 1),
         (select max(o.created_at)
          from documents o join review_documents s on s.review_id = r.review_id and s.document_id = o.id
          where o.user_id = d.user_id
            and case when o.path is null then o.name else o.path end
                = case when d.path is null then d.name else d.path end
            and o.created_at > d.created_at)
$$;
