-- name: ouvrir
-- Once per parcours, motif and cause while open.
INSERT INTO pdp.tache (plateforme_id, parcours_id, motif, balle, echeance_at, note, cause, sujet, origine, ouverte_at, ouverte_par)
VALUES (:plateforme, :parcours, :motif, :balle, :echeance, :note, :cause, :sujet, :origine, :maintenant, :par)
ON CONFLICT (parcours_id, motif, cause) WHERE fermee_at IS NULL DO NOTHING
RETURNING id;

-- name: fermer_motifs
-- Close the open reasons of these motifs, with how late they were.
UPDATE pdp.tache
SET fermee_at = :maintenant, fermee_par = :par, issue = :issue,
    retard_jours = greatest(0, extract(day FROM cast(:maintenant AS timestamptz) - echeance_at)::integer)
WHERE parcours_id = :parcours AND fermee_at IS NULL AND (cast(:motifs AS text[]) IS NULL OR motif = ANY (cast(:motifs AS text[])))
RETURNING plateforme_id, motif;

-- name: fermer
-- Close one reason.
UPDATE pdp.tache
SET fermee_at = :maintenant, fermee_par = :par, issue = :issue,
    retard_jours = greatest(0, extract(day FROM cast(:maintenant AS timestamptz) - echeance_at)::integer)
WHERE id = :tache AND fermee_at IS NULL;

-- name: verrouiller
-- One reason, locked.
SELECT id, plateforme_id, parcours_id, motif, cause, echeance_at, fermee_at, silence_id, attente_raison, attente_du_at, attente_jusqu_au,
    attente_cumul_jours
FROM pdp.tache WHERE id = :tache FOR UPDATE;

-- name: reporter
-- New deadline, chosen by a person, with the wait that it begins or ends: what a silence had put off is no longer its own.
UPDATE pdp.tache
SET echeance_at = :echeance, balle = 'csam', silence_id = NULL, echeance_avant_at = NULL, attente_raison = :raison, attente_du_at = :du,
    attente_jusqu_au = :jusqu_au, attente_cumul_jours = :cumul
WHERE id = :tache;

-- name: lister_attentes
-- Open reasons of some people that wait, or that have come back and nobody acted on yet.
SELECT id, parcours_id, motif, attente_raison, attente_du_at, attente_jusqu_au, attente_cumul_jours
FROM pdp.tache
WHERE parcours_id = ANY (cast(:parcours AS uuid[])) AND fermee_at IS NULL AND attente_jusqu_au IS NOT NULL
ORDER BY attente_jusqu_au, id;

-- name: trouver_promesses
-- Calls promised to a person and not made yet.
SELECT id, echeance_at FROM pdp.tache WHERE parcours_id = :parcours AND motif = 'rappel_promis' AND fermee_at IS NULL ORDER BY echeance_at FOR UPDATE;

-- name: trouver_cause
-- The open reason of a cause.
SELECT id, echeance_at, note FROM pdp.tache WHERE parcours_id = :parcours AND motif = :motif AND cause = :cause AND fermee_at IS NULL;

-- name: fermer_cause
-- Close what a cause opened.
UPDATE pdp.tache SET fermee_at = :maintenant, fermee_par = :par, issue = 'annulee', retard_jours = 0
WHERE parcours_id = :parcours AND cause = :cause AND fermee_at IS NULL;

-- name: prochaine_echeance
-- Earliest open deadline of a parcours.
SELECT min(echeance_at) FROM pdp.tache WHERE parcours_id = :parcours AND fermee_at IS NULL;
