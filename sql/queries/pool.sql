-- name: lister
-- Parcours that nobody follows, without identity: territory, language, priority, and how long the absence had lasted at its threshold.
SELECT p.id, p.statut, p.priorite, p.decide_at, p.survenu_le, g.palier, s.commune_insee, s.langue
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
JOIN pdp.signalement g ON g.id = p.signalement_id
WHERE p.clos_at IS NULL AND p.csam_id IS NULL
ORDER BY p.priorite DESC, p.decide_at, p.id;

-- name: rendre
-- Back to the pool, when nothing happened since this manager gave it: same hands, same status, first call still to be made.
WITH ligne AS (
    UPDATE pdp.affectation f SET au = :maintenant
    FROM pdp.parcours p
    WHERE f.parcours_id = :parcours AND f.au IS NULL AND f.par_type = 'agent' AND f.par_id = :par AND f.du = :fait_at
        AND p.id = f.parcours_id AND p.csam_id = f.csam_id AND p.statut = 'affecte' AND p.clos_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at > :fait_at)
        AND NOT EXISTS (SELECT 1 FROM journal.evenement v WHERE v.parcours_id = p.id AND v.survenu_at > :fait_at AND v.auteur_type = 'agent')
    RETURNING f.parcours_id, f.csam_id
)
UPDATE pdp.parcours p SET csam_id = NULL, statut = 'a_affecter', version = p.version + 1
FROM ligne l WHERE p.id = l.parcours_id
RETURNING l.csam_id;

-- name: fermer_appel
-- The first call that the assignment had opened.
UPDATE pdp.tache SET fermee_at = :maintenant, fermee_par = :par, issue = 'annulee', retard_jours = 0
WHERE parcours_id = :parcours AND motif = :appel AND fermee_at IS NULL;
