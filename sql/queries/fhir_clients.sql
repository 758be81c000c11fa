-- name: creer
-- A new client of a partner of the platform; no row when the partner is not there.
INSERT INTO securite.client_fhir (id, plateforme_id, partenaire_id, empreinte, cree_at, cree_par)
SELECT :id, p.plateforme_id, p.id, :empreinte, :maintenant, :par FROM pdp.partenaire p WHERE p.id = :partenaire
RETURNING plateforme_id;

-- name: compter_ouverts
-- Clients of a partner that may still call.
SELECT count(*) FROM securite.client_fhir WHERE partenaire_id = :partenaire AND revoque_at IS NULL;

-- name: revoquer
-- Close a client; its tokens are refused at the next call.
UPDATE securite.client_fhir SET revoque_at = :maintenant, revoque_par = :par WHERE id = :id AND revoque_at IS NULL
RETURNING plateforme_id, partenaire_id;

-- name: trouver
-- Whether a client exists for who asks.
SELECT partenaire_id FROM securite.client_fhir WHERE id = :id;

-- name: lister
-- Clients of a partner, the last one first.
SELECT id, cree_at, revoque_at FROM securite.client_fhir WHERE partenaire_id = :partenaire ORDER BY cree_at DESC, id;

-- name: lire_secret
-- What a token request is compared with; nothing for a revoked client.
SELECT empreinte FROM securite.client_fhir WHERE id = :id AND revoque_at IS NULL;

-- name: oublier_jetons
-- Tokens that ended long ago.
DELETE FROM securite.jeton_fhir WHERE client_id = :client AND expire_at < :avant;

-- name: donner_jeton
-- A token, by its hash.
INSERT INTO securite.jeton_fhir (empreinte, client_id, cle_enveloppee, emis_at, expire_at) VALUES (:empreinte, :client, :cle, :maintenant, :expire);

-- name: lire_jeton
-- Who holds a token that is neither expired nor of a revoked client.
SELECT c.id AS client_id, c.plateforme_id, c.partenaire_id, j.cle_enveloppee
FROM securite.jeton_fhir j JOIN securite.client_fhir c ON c.id = j.client_id
WHERE j.empreinte = :empreinte AND j.expire_at > :maintenant AND c.revoque_at IS NULL;

-- name: oublier_appels
-- Signatures too old to be accepted anyway.
DELETE FROM securite.appel_fhir WHERE client_id = :client AND vu_at < clock_timestamp() - make_interval(secs => :secondes);

-- name: noter_appel
-- The first call with this signature; no row for a replay.
INSERT INTO securite.appel_fhir (client_id, signature, vu_at) VALUES (:client, :signature, clock_timestamp()) ON CONFLICT DO NOTHING RETURNING vu_at;
