-- Why a person was signalled, for people who read it and for those who must justify it.

-- name: find_signalement_du_parcours
-- The latest signalement of a parcours: the one that opened it, or a later one attached to it.
SELECT s.id
FROM pdp.parcours AS p
JOIN pdp.signalement AS s ON s.assure_id = p.assure_id AND (s.id = p.signalement_id OR (s.statut = 'rattache' AND s.connu_at >= p.connu_at
    AND (p.clos_at IS NULL OR s.connu_at <= p.clos_at)))
WHERE p.id = :parcours
ORDER BY s.palier DESC, s.connu_at DESC
LIMIT 1;

-- name: find_signalement
-- One signalement with its absence.
SELECT
    s.id, s.plateforme_id, s.assure_id, s.source, s.palier, s.survenu_le, s.connu_at, s.decide_at, s.statut, s.mode_decision, s.priorite,
    e.debut, e.fin, e.risque, e.jours_prescrits, e.nb_prescriptions, e.etat AS episode_etat
FROM pdp.signalement AS s
JOIN pdp.episode AS e ON e.id = s.episode_id
WHERE s.id = :signalement;

-- name: list_motifs
-- Its motives, heaviest first.
SELECT regle, regle_version, libelle, valeur_observee, seuil, parametre_id, points
FROM pdp.signalement_motif
WHERE signalement_id = :signalement
ORDER BY points DESC, regle;
