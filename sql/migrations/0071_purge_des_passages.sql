-- Traces of runs are not kept for ever: what did nothing is deleted after the delay of the policy, by the platform itself.

GRANT DELETE ON pdp.passage TO pdp_app;
