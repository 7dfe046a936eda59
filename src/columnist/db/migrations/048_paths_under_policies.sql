-- Under a policy, a condition with coalesce() is no index's: it might tell of rows that one may not see. One with case is.
drop index documents_by_path;
create index documents_by_path on documents using hash ((case when path is null then name else path end));
