-- name: ouvrir
-- One alert per person, kind and cause for ever, one open per person and kind: otherwise no row.
INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at)
VALUES (:plateforme, :assure, :parcours, :type, :cause, :phrase, cast(:faits AS jsonb), :survenu, :maintenant)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: verrouiller
-- One alert, locked for the decision: the right to update it is required.
SELECT id, plateforme_id, assure_id, parcours_id, type, cause, decide_at FROM pdp.alerte WHERE id = :alerte FOR UPDATE;

-- name: decider
-- The decision, once.
UPDATE pdp.alerte SET decide_at = :maintenant, decide_par = :par, decision = :decision, decision_note = :note
WHERE id = :alerte AND decide_at IS NULL;

-- name: lister_taches_decision
-- Open reasons that waited for this decision.
SELECT id FROM pdp.tache WHERE parcours_id = :parcours AND motif = 'decision_medecin' AND cause = :cause AND fermee_at IS NULL;
