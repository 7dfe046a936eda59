-- A call's row outlives its answer, so that a count that is sent again late is not made twice.

grant update (key, answer) on tabular_calls to columnist_worker;
