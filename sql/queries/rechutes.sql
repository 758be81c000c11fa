-- name: trouver_anterieur
-- The last parcours of a person, closed, of a coordinator still there and not away that day, with the absence of the signalement; locked.
SELECT p.id AS parcours_id, p.cloture_motif AS motif, (p.clos_at AT TIME ZONE :fuseau)::date AS clos_le, e.debut
FROM pdp.parcours p
JOIN pdp.agent a ON a.id = p.csam_id AND a.actif_du <= :jour AND (a.actif_au IS NULL OR a.actif_au >= :jour)
JOIN pdp.signalement s ON s.id = :signalement
JOIN pdp.episode e ON e.id = s.episode_id
WHERE p.assure_id = s.assure_id AND p.clos_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM pdp.parcours q WHERE q.assure_id = p.assure_id AND q.id <> p.id AND (q.clos_at IS NULL OR q.clos_at > p.clos_at))
    AND NOT EXISTS (SELECT 1 FROM pdp.absence_agent x WHERE x.agent_id = a.id AND :jour BETWEEN x.du AND x.au)
FOR NO KEY UPDATE OF p;

-- name: lire_proposition
-- The open proposal of a closed parcours, with the closing and the absence it is about.
SELECT t.id AS tache_id, t.cause, t.echeance_at, t.note, p.cloture_motif AS motif, (p.clos_at AT TIME ZONE :fuseau)::date AS clos_le
FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id
WHERE t.parcours_id = :parcours AND t.motif = 'rechute' AND t.fermee_at IS NULL AND p.clos_at IS NOT NULL;

-- name: lister_abandonnees
-- Open proposals about a signalement whose coordinator left, or is away: nobody would decide them.
SELECT t.id AS tache_id, t.parcours_id, t.cause
FROM pdp.tache t
JOIN pdp.parcours p ON p.id = t.parcours_id
JOIN pdp.agent a ON a.id = p.csam_id
WHERE t.plateforme_id = :plateforme AND t.motif = 'rechute' AND t.fermee_at IS NULL AND t.cause LIKE 'rechute:signalement:%'
    AND (a.actif_au < :jour OR EXISTS (SELECT 1 FROM pdp.absence_agent x WHERE x.agent_id = a.id AND :jour BETWEEN x.du AND x.au)
        OR EXISTS (SELECT 1 FROM pdp.redistribution r WHERE r.agent_id = a.id AND r.du <= :jour AND (r.au IS NULL OR :jour <= r.au)
            AND r.annulee_at IS NULL))
ORDER BY t.id
FOR NO KEY UPDATE OF t SKIP LOCKED;

-- name: ouvrir_suivant
-- Another parcours for the same person, kept by the coordinator who knows her.
INSERT INTO pdp.parcours (
    plateforme_id, assure_id, signalement_id, statut, csam_id, priorite, survenu_le, connu_at, decide_at, dernier_evenement_at
)
SELECT s.plateforme_id, s.assure_id, s.id, 'affecte', :csam, s.priorite, s.survenu_le, s.connu_at, :maintenant, :maintenant
FROM pdp.signalement s WHERE s.id = :signalement
ON CONFLICT (assure_id) WHERE clos_at IS NULL DO NOTHING
RETURNING id;

-- name: affecter_suivant
-- Who follows the new parcours, and why.
INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)
SELECT plateforme_id, id, csam_id, :maintenant, :motif, 'agent', :par FROM pdp.parcours WHERE id = :parcours;

-- name: lister_clos_orphelins
-- Closed parcours on which something is still due while their coordinator left for good, earliest deadline first.
SELECT p.id, p.csam_id, s.commune_insee, s.langue
FROM pdp.parcours p
JOIN pdp.agent a ON a.id = p.csam_id
JOIN identite.assure s ON s.id = p.assure_id
CROSS JOIN LATERAL (SELECT min(t.echeance_at) AS premiere FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at IS NULL) t
WHERE p.plateforme_id = :plateforme AND p.clos_at IS NOT NULL AND t.premiere IS NOT NULL
    AND (a.actif_au < :jour OR EXISTS (SELECT 1 FROM pdp.redistribution r
        WHERE r.agent_id = a.id AND r.au IS NULL AND r.du <= :jour AND r.annulee_at IS NULL))
ORDER BY t.premiere, p.id
FOR NO KEY UPDATE OF p SKIP LOCKED;

-- name: confier_clos
-- Who answers for them from now on.
UPDATE pdp.parcours p SET csam_id = c.vers, version = p.version + 1
FROM unnest(cast(:parcours AS uuid[]), cast(:de AS uuid[]), cast(:vers AS uuid[])) AS c (parcours_id, de, vers)
WHERE p.id = c.parcours_id AND p.csam_id = c.de;

-- name: consigner_clos
-- One event per closed parcours that changed hands.
SELECT journal.consigner_lot('parcours_redistribue', (
    SELECT coalesce(jsonb_agg(jsonb_build_object('plateforme_id', p.plateforme_id, 'assure_id', p.assure_id, 'parcours_id', p.id,
        'donnees', jsonb_build_object('de', c.de, 'vers', c.vers)) ORDER BY p.id), '[]')
    FROM unnest(cast(:parcours AS uuid[]), cast(:de AS uuid[]), cast(:vers AS uuid[])) AS c (parcours_id, de, vers)
    JOIN pdp.parcours p ON p.id = c.parcours_id));
