-- During an outage of the detection, how many people have come due since: counted for the manager and for the metrics, nobody named.

GRANT SELECT (plateforme_id, le) ON pdp.echeance_detection TO pdp_role_responsable, pdp_role_mesure;
CREATE POLICY mesure ON pdp.echeance_detection FOR SELECT TO pdp_role_mesure USING ((SELECT (securite.contexte()).role) = 'mesure');
