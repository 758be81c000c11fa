-- Who measures counts the alerts of the médecin-conseil by theme: a kind (« risque suicidaire » : 1, on one platform) says more than a manager
-- himself may know, and a dashboard is read by more people than he is.

REVOKE SELECT (type) ON pdp.alerte FROM pdp_role_mesure;
GRANT SELECT (famille) ON pdp.alerte TO pdp_role_mesure;
