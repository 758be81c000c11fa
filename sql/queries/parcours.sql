-- name: verrouiller
-- State of a parcours, locked.
SELECT id, plateforme_id, assure_id, signalement_id, statut, csam_id, priorite, decide_at, clos_at, version
FROM pdp.parcours WHERE id = :parcours FOR NO KEY UPDATE;

-- name: avancer
-- New status; the last event never goes back in time when an older act is recorded late.
UPDATE pdp.parcours
SET statut = :statut, version = version + 1, dernier_evenement_at = greatest(dernier_evenement_at, :maintenant)
WHERE id = :parcours;

-- name: ouvrir
-- One open parcours per person: a concurrent opening yields no row.
INSERT INTO pdp.parcours (plateforme_id, assure_id, signalement_id, statut, priorite, survenu_le, connu_at, decide_at, dernier_evenement_at)
SELECT s.plateforme_id, s.assure_id, s.id, 'a_affecter', s.priorite, s.survenu_le, s.connu_at, :maintenant, :maintenant
FROM pdp.signalement s WHERE s.id = :signalement
ON CONFLICT (assure_id) WHERE clos_at IS NULL DO NOTHING
RETURNING id;

-- name: trouver_ouvert
-- The open parcours of a person.
SELECT id FROM pdp.parcours WHERE assure_id = :assure AND clos_at IS NULL;
