-- An item gives its place back until a batch has answered its calls; fenced.
select put_off_tabular_item(%(id)s, %(attempt)s, %(requests)s) as held
