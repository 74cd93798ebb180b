-- Failed tries are numbered on from those before a replay, so the worker has to see them.
grant select on event_attempts to waypost_engine;
