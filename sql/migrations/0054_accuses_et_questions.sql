-- A receipt read in a mailbox goes through the rules of any answer: they look whether a question waits, never at its words.
CREATE POLICY expediteur ON pdp.echange_question FOR SELECT TO pdp_expediteur USING (true);
GRANT SELECT (id, orientation_id, par, repondue_at, retiree_at) ON pdp.echange_question TO pdp_expediteur;
