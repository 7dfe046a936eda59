-- People see that a worker of their job is silent (silent_workers).
grant select on tabular_workers to columnist_gate;
