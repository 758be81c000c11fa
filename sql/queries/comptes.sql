-- name: create_compte
-- Creates an account, or gives an existing one this password and name; a second call makes no second account.
INSERT INTO securite.compte (login, mot_de_passe, role, plateforme_id, agent_id, partenaire_id, nom_affiche)
VALUES (:login, :mot_de_passe, :role, :plateforme_id, :agent_id, :partenaire_id, :nom_affiche)
ON CONFLICT (login) DO UPDATE SET mot_de_passe = :mot_de_passe, nom_affiche = :nom_affiche, actif = true, ferme_le = NULL
RETURNING id, role;

-- name: set_actif
-- Opens or closes an account; its open sessions are refused at their next request.
UPDATE securite.compte SET actif = :actif, ferme_le = CASE WHEN :actif THEN NULL ELSE ferme_le END WHERE login = :login RETURNING id, plateforme_id;

-- name: reserve_essai
-- Counts the try before it is evaluated, so that parallel tries cannot exceed the limit; nothing comes back from a blocked account.
UPDATE securite.compte SET
    echecs = CASE WHEN echecs + 1 >= :maximum THEN 0 ELSE echecs + 1 END,
    bloque_jusqu_a = CASE WHEN echecs + 1 >= :maximum THEN cast(:bloque_jusqu_a AS timestamptz) END
WHERE login = :login AND actif AND (ferme_le IS NULL OR ferme_le > (
        SELECT (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date FROM pdp.plateforme f WHERE f.id = plateforme_id))
    AND (bloque_jusqu_a IS NULL OR bloque_jusqu_a <= :maintenant)
RETURNING id, mot_de_passe;

-- name: reset_essais
-- A right password forgets the failures.
UPDATE securite.compte SET echecs = 0, bloque_jusqu_a = NULL WHERE id = :compte_id;

-- name: open_session
-- A new session, known by the hash of its cookie only.
INSERT INTO securite.session (jeton_empreinte, compte_id, csrf, ouverte_at, vue_at, expire_at)
VALUES (:empreinte, :compte_id, :csrf, :maintenant, :maintenant, :expire_at);

-- name: find_session
-- The open session of a cookie with its account, when it is neither closed, idle nor expired.
SELECT s.jeton_empreinte, s.compte_id, s.csrf, s.vue_at, s.preferences, c.login, c.role, c.plateforme_id, c.agent_id, c.partenaire_id, c.nom_affiche,
       p.libelle AS plateforme, c.actif AND (c.ferme_le IS NULL OR c.ferme_le > (cast(:maintenant AS timestamptz) AT TIME ZONE p.fuseau)::date) AS actif
FROM securite.session s
JOIN securite.compte c ON c.id = s.compte_id
JOIN pdp.plateforme p ON p.id = c.plateforme_id
WHERE s.jeton_empreinte = :empreinte AND s.fermee_at IS NULL AND s.expire_at > :maintenant AND s.vue_at > :inactif_depuis;

-- name: touch_session
-- Notes that the session is still in use.
UPDATE securite.session SET vue_at = :maintenant WHERE jeton_empreinte = :empreinte;

-- name: close_session
-- Revokes a session at once.
UPDATE securite.session SET fermee_at = :maintenant WHERE jeton_empreinte = :empreinte AND fermee_at IS NULL;

-- name: push_flash
-- Adds a message shown once on the next page.
UPDATE securite.session
SET preferences = jsonb_set(preferences, '{flash}', coalesce(preferences -> 'flash', '[]') || jsonb_build_array(cast(:message AS jsonb)))
WHERE jeton_empreinte = :empreinte;

-- name: clear_flash
-- The messages were shown.
UPDATE securite.session SET preferences = preferences - 'flash' WHERE jeton_empreinte = :empreinte;

-- name: claim_cle
-- Takes the key of a form: the second submission of the same form finds it taken and touches no row.
UPDATE securite.session
SET preferences = jsonb_set(preferences, '{cles}', coalesce(preferences -> 'cles', '{}') || jsonb_build_object(cast(:cle AS text), cast(:adresse AS text)))
WHERE jeton_empreinte = :empreinte AND NOT coalesce(preferences -> 'cles', '{}') ? cast(:cle AS text);

-- name: find_cle
-- Where the first submission of a form led.
SELECT preferences -> 'cles' ->> cast(:cle AS text) AS adresse FROM securite.session WHERE jeton_empreinte = :empreinte;

-- name: keep_cle
-- Remembers where the submission led.
UPDATE securite.session SET preferences = jsonb_set(preferences, ARRAY['cles', cast(:cle AS text)], to_jsonb(cast(:adresse AS text)))
WHERE jeton_empreinte = :empreinte;

-- name: release_cle
-- The submission failed: the same form may be sent again.
UPDATE securite.session SET preferences = preferences #- ARRAY['cles', cast(:cle AS text)] WHERE jeton_empreinte = :empreinte;

-- name: check_base
-- Answers when the database does.
SELECT 1 AS vivante;
