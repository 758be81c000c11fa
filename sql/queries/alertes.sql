-- name: ouvrir
-- One alert per person, kind and cause for ever, one open per person and kind: otherwise no row.
INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at, echeance_le)
VALUES (:plateforme, :assure, :parcours, :type, :cause, :phrase, cast(:faits AS jsonb), :survenu, :maintenant, :echeance)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: verrouiller_carte
-- The open alerts of the same person and theme, and the one asked for even when decided, locked: the right to update them is required.
SELECT c.id, c.plateforme_id, c.assure_id, c.parcours_id, c.type, c.cause, c.decide_at,
    coalesce((SELECT p.clos_at IS NOT NULL FROM pdp.parcours p WHERE p.id = c.parcours_id), false) AS clos
FROM pdp.alerte c
WHERE (c.assure_id, c.famille) = (SELECT a.assure_id, a.famille FROM pdp.alerte a WHERE a.id = :alerte) AND (c.decide_at IS NULL OR c.id = :alerte)
ORDER BY c.connu_at DESC, c.id
FOR UPDATE;

-- name: decider
-- The decision, once, on every alert of the card.
UPDATE pdp.alerte SET decide_at = :maintenant, decide_par = :par, decision = :decision, decision_note = :note
WHERE id = ANY (cast(:alertes AS uuid[])) AND decide_at IS NULL;

-- name: lister_taches_decision
-- Open reasons that waited for this decision.
SELECT id FROM pdp.tache WHERE parcours_id = :parcours AND motif = 'decision_medecin' AND cause = :cause AND fermee_at IS NULL;
