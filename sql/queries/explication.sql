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
SELECT regle, regle_version, libelle, valeur_observee, seuil, parametre_id, points, regle_id, levier, valable_jusqu_au, constate_le
FROM pdp.signalement_motif
WHERE signalement_id = :signalement
ORDER BY points DESC, regle;

-- name: find_cas
-- Whom an opaque id speaks of: a parcours, a signalement or a person; with her parcours, the open one first.
SELECT x.assure_id, x.plateforme_id, x.signalement_id, a.date_naissance,
    coalesce(x.parcours_id, (SELECT q.id FROM pdp.parcours AS q WHERE q.assure_id = x.assure_id ORDER BY q.clos_at IS NOT NULL, q.decide_at DESC, q.id LIMIT 1))
        AS parcours_id
FROM (
    SELECT p.assure_id, p.plateforme_id, p.id AS parcours_id, cast(NULL AS uuid) AS signalement_id FROM pdp.parcours AS p WHERE p.id = :cas
    UNION ALL SELECT s.assure_id, s.plateforme_id, NULL, s.id FROM pdp.signalement AS s WHERE s.id = :cas
    UNION ALL SELECT i.id, i.plateforme_id, NULL, NULL FROM identite.assure AS i WHERE i.id = :cas
) AS x
JOIN identite.assure AS a ON a.id = x.assure_id;

-- name: list_signalements
-- Signalements of a person known by an instant, latest and highest first.
SELECT s.id, s.palier, s.survenu_le, s.connu_at, s.statut, s.priorite
FROM pdp.signalement AS s
WHERE s.assure_id = :assure AND s.connu_at <= :instant
ORDER BY s.statut = 'remplace', s.connu_at DESC, s.palier DESC, s.id;

-- name: list_recents
-- Latest signalements, by opaque ids.
SELECT s.id, s.plateforme_id, s.assure_id, s.palier, s.survenu_le, s.statut
FROM pdp.signalement AS s
WHERE s.connu_at <= :maintenant AND s.statut <> 'remplace'
ORDER BY s.connu_at DESC, s.priorite DESC, s.id
LIMIT 15;
