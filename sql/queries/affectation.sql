-- name: verrouiller_plateforme
-- Serialises assignment on a platform until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('affectation'), hashtext(:plateforme));

-- name: lister_presents
-- CSAM in service and not away that day, with their open parcours.
SELECT a.id, a.numero, a.quotite, a.territoire,
    (SELECT count(*) FROM pdp.parcours p WHERE p.csam_id = a.id AND p.clos_at IS NULL)::integer AS charge
FROM pdp.agent a
WHERE a.plateforme_id = :plateforme AND a.role = 'csam' AND a.actif_du <= :jour AND (a.actif_au IS NULL OR :jour <= a.actif_au)
    AND NOT EXISTS (SELECT 1 FROM pdp.absence_agent x WHERE x.agent_id = a.id AND :jour BETWEEN x.du AND x.au)
ORDER BY a.numero;

-- name: lister_attente
-- Parcours to assign, most urgent first, with the coordinator of an earlier parcours of the same person.
SELECT p.id, s.commune_insee,
    (SELECT q.csam_id FROM pdp.parcours q WHERE q.assure_id = p.assure_id AND q.id <> p.id AND q.csam_id IS NOT NULL
     ORDER BY q.decide_at DESC LIMIT 1) AS precedent
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
WHERE p.plateforme_id = :plateforme AND p.statut = 'a_affecter' AND p.csam_id IS NULL
ORDER BY p.priorite DESC, p.decide_at, p.id;

-- name: affecter
-- The coordinator.
UPDATE pdp.parcours SET csam_id = :csam WHERE id = :parcours;

-- name: historiser
-- Opens the line of history.
INSERT INTO pdp.affectation (plateforme_id, parcours_id, csam_id, du, motif, par_type, par_id)
SELECT plateforme_id, id, :csam, :maintenant, :motif, :type, :par FROM pdp.parcours WHERE id = :parcours;
