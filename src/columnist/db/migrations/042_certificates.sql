-- Certificates are few, and are asked for without a review.
create index events_of_deleted_reviews on events (at) where action = 'delete_review';
