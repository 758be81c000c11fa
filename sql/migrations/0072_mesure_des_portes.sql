-- What waits for the decision of a person is not late: the measures leave it out of the messages that should have left.

GRANT SELECT (genre, objet, decision, utilisee_at, perimee_at) ON pdp.porte TO pdp_role_mesure;
CREATE POLICY mesure ON pdp.porte FOR SELECT TO pdp_role_mesure USING ((SELECT (securite.contexte()).role) = 'mesure');
