-- Questions and answers about a person follow what was told of her: a partner that refused, or that let its time pass, reads them no longer.
-- An answer taken back brings them back.

ALTER POLICY partenaire ON pdp.echange_question
    USING (partenaire_id = (SELECT securite.partenaire_courant()) AND retiree_at IS NULL
        AND EXISTS (SELECT 1 FROM pdp.orientation o WHERE o.id = orientation_id AND o.statut NOT IN ('refusee', 'expiree')));
ALTER POLICY porteur ON pdp.echange_question
    USING (retiree_at IS NULL AND orientation_id = (SELECT pdp.orientation_du_lien())
        AND EXISTS (SELECT 1 FROM pdp.orientation o WHERE o.id = orientation_id AND o.statut NOT IN ('refusee', 'expiree')));
