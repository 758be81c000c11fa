-- name: trouver_parcours
-- The parcours an agreement belongs to, to lock it first.
SELECT parcours_id FROM pdp.accord WHERE id = :accord;

-- name: trouver_actif
-- The agreement given to a recipient and never taken back, with its last day.
SELECT id, expire_le FROM pdp.accord WHERE parcours_id = :parcours AND destinataire = :destinataire AND decision = 'accorde' AND retire_at IS NULL;

-- name: enregistrer
-- One decision of the insured.
INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, classes, modalite, texte_version, recueilli_par, recueilli_at,
    expire_le)
VALUES (:plateforme, :parcours, :destinataire, :decision, :finalite, :classes, :modalite, :version, :par, :maintenant, :expire)
RETURNING id;

-- name: verrouiller
-- One agreement, locked.
SELECT id, plateforme_id, parcours_id, destinataire, decision, retire_at FROM pdp.accord WHERE id = :accord FOR UPDATE;

-- name: retirer
-- Withdrawal.
UPDATE pdp.accord SET retire_at = :maintenant, retrait_canal = :canal WHERE id = :accord;
