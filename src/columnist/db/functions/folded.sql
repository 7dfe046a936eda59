-- A text as it is compared in searches: without the difference of upper and lower case, of composed and decomposed
-- letters, of full and half width, and of ß and ss.
create or replace function folded(words text) returns text language sql immutable parallel safe as $$
  select case when octet_length(words) = char_length(words) then lower(words)
              else replace(lower(normalize(words, nfkc)), 'ß', 'ss') end
$$;
