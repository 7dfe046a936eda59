-- The provider has too many tokens waiting: the next batch has at most its stated limit, less the error of our counts,
-- or else half as many as this one.
update tabular_batches
set refused_at = now(), most_tokens = coalesce(%(most_tokens)s * 0.9, prompt_tokens / 2), trouble = %(trouble)s
where id = %(id)s
