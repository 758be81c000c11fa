-- name: enregistrer
-- One attempt per form key.
INSERT INTO pdp.contact (plateforme_id, parcours_id, agent_id, survenu_at, canal, resultat, note, cle_saisie, entrant)
SELECT plateforme_id, id, :agent, :maintenant, :canal, :resultat, :note, :cle, :entrant FROM pdp.parcours WHERE id = :parcours
ON CONFLICT (cle_saisie) DO NOTHING
RETURNING id;

-- name: est_connu
-- Whether an attempt bears this form key.
SELECT 1 FROM pdp.contact WHERE cle_saisie = :cle;

-- name: compter_sans_reponse
-- Attempts without an answer since the person was last reached.
SELECT count(*)::integer FROM pdp.contact c
WHERE c.parcours_id = :parcours AND c.saisie_par_erreur_at IS NULL AND c.resultat IN ('messagerie', 'non_reponse', 'tiers')
    AND c.survenu_at > coalesce((SELECT max(j.survenu_at) FROM pdp.contact j WHERE j.parcours_id = c.parcours_id AND j.saisie_par_erreur_at IS NULL
        AND j.resultat IN ('joint', 'joint_rappel_demande')), '-infinity');

-- name: verrouiller
-- One attempt, locked.
SELECT id, plateforme_id, parcours_id, agent_id, resultat, saisie_par_erreur_at FROM pdp.contact WHERE id = :contact FOR UPDATE;

-- name: annuler
-- Entered in error: the row stays.
UPDATE pdp.contact SET saisie_par_erreur_at = :maintenant WHERE id = :contact;
