-- name: creer_version
-- Next version of the platform, unsigned.
INSERT INTO pdp.dol_version (plateforme_id, version, du)
SELECT :plateforme, 1 + coalesce(max(version), 0), :du FROM pdp.dol_version WHERE plateforme_id = :plateforme
RETURNING id;

-- name: creer_regle
-- One line of the table.
INSERT INTO pdp.dol_regle (dol_version_id, plateforme_id, rang, libelle, conditions, cible)
VALUES (:version, :plateforme, :rang, :libelle, cast(:conditions AS jsonb), :cible);

-- name: verrouiller_version
-- One version, locked.
SELECT id, plateforme_id, version, du, signe_at FROM pdp.dol_version WHERE id = :version FOR UPDATE;

-- name: clore_precedente
-- The signed version in force ends the day before the new one starts.
UPDATE pdp.dol_version SET au = cast(:du AS date) - 1
WHERE plateforme_id = :plateforme AND signe_at IS NOT NULL AND du < :du AND (au IS NULL OR au >= :du);

-- name: signer
-- Signature of a médecin-conseil over the rules as they are.
UPDATE pdp.dol_version SET signe_par = :par, signe_at = :maintenant, empreinte = :empreinte WHERE id = :version;
