-- Where a document stood in its upload: "Data room/01 Corporate/lease.txt". Null: taken in before paths were kept.
alter table documents add path text;

-- The same content under the same name in two folders is two documents.
alter table documents drop constraint documents_user_id_sha256_name_key;
create unique index documents_by_place on documents (user_id, sha256, coalesce(path, name));
