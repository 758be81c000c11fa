-- What came with the clocks, as the holder of a partner's link may see it: the questions of its hand-over with their answers, and its dates.
CREATE POLICY porteur ON pdp.echange_question FOR SELECT TO pdp_role_lien
    USING (retiree_at IS NULL AND orientation_id = (SELECT pdp.orientation_du_lien()));
GRANT SELECT (id, plateforme_id, orientation_id, partenaire_id, par, texte, posee_at, inbox_id, reponse, repondue_at, reponse_inbox_id, retiree_at)
    ON pdp.echange_question TO pdp_role_lien;
GRANT SELECT (etape, balle, echeance_at, arretee, relances, recue_at, acceptee_at, rendez_vous_at, rendez_vous_manque_at, nouvelles_at, close_at)
    ON pdp.orientation TO pdp_role_lien;
