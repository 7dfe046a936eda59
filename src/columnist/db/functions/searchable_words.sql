-- The words by which a text is found. Chinese, Japanese, Thai, Lao, Burmese and Khmer are written without spaces: there
-- every two characters that follow each other are a word, and so is the last one. The pairs are cut twice, the second
-- time without the first character.
create or replace function searchable_words(words text) returns tsvector language sql immutable parallel safe as $$
  select to_tsvector('simple', case
    when octet_length(text) = char_length(text) or text !~ unspaced then text
    else regexp_replace(text || ' ' || regexp_replace(text, '(?<!' || unspaced || ')' || unspaced, ' ', 'g'),
                        unspaced || unspaced || '?', ' \& ', 'g') end)
  from (select public.folded(words) as text,
               '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]'
                 as unspaced) as folded
$$;
