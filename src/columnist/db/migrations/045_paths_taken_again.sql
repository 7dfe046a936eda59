-- A file that changed and was taken in again is a row of its own: `newer_file_at` looks for later ones of the path.
create index documents_by_path on documents using hash ((coalesce(path, name)));
