-- name: ecrire
-- The last state typed takes the place of the one before.
INSERT INTO pdp.brouillon (agent_id, ecran, piece_id, plateforme_id, parcours_id, contenu, enregistre_at, expire_at)
VALUES (:agent, :ecran, :piece, :plateforme, :parcours, cast(:contenu AS jsonb), :maintenant, :expire)
ON CONFLICT (agent_id, ecran, piece_id) DO UPDATE SET contenu = excluded.contenu, enregistre_at = excluded.enregistre_at, expire_at = excluded.expire_at;

-- name: ecrire_sante
-- Health answers being typed, in the medical schema.
INSERT INTO medical.brouillon_sante (csam_id, tele_echange_id, plateforme_id, reponses, enregistre_at, expire_at)
VALUES (:agent, :piece, :plateforme, cast(:reponses AS jsonb), :maintenant, :expire)
ON CONFLICT (csam_id, tele_echange_id) DO UPDATE SET reponses = excluded.reponses, enregistre_at = excluded.enregistre_at, expire_at = excluded.expire_at;

-- name: lire
-- The draft of an agent for a form.
SELECT contenu, enregistre_at, expire_at FROM pdp.brouillon
WHERE agent_id = :agent AND ecran = :ecran AND piece_id = :piece AND expire_at > :maintenant;

-- name: lire_sante
-- Health answers being typed by this agent.
SELECT reponses FROM medical.brouillon_sante WHERE csam_id = :agent AND tele_echange_id = :piece AND expire_at > :maintenant;

-- name: effacer
-- Recorded, or thrown away.
DELETE FROM pdp.brouillon WHERE agent_id = :agent AND ecran = :ecran AND piece_id = :piece;

-- name: effacer_sante
-- Recorded, or thrown away.
DELETE FROM medical.brouillon_sante WHERE csam_id = :agent AND tele_echange_id = :piece;

-- name: purger
-- Out of date.
DELETE FROM pdp.brouillon WHERE expire_at <= :maintenant;

-- name: purger_sante
-- Out of date.
DELETE FROM medical.brouillon_sante WHERE expire_at <= :maintenant;
