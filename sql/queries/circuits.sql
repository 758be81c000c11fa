-- name: lister_coupes
-- Partners for whom nothing leaves now.
SELECT partenaire_id FROM pdp.circuit_partenaire WHERE coupe_at IS NOT NULL;

-- name: lister_essais
-- Those for whom one message may be tried, by one worker at a time.
SELECT partenaire_id FROM pdp.circuit_partenaire
WHERE coupe_at IS NOT NULL AND reprise_at <= :maintenant AND (essai_jusqu_a IS NULL OR essai_jusqu_a < clock_timestamp())
FOR UPDATE SKIP LOCKED;

-- name: commencer_essai
-- This worker tries.
UPDATE pdp.circuit_partenaire SET essai_jusqu_a = clock_timestamp() + make_interval(secs => :bail_s)
WHERE partenaire_id = :partenaire AND coupe_at IS NOT NULL;

-- name: compter_echec
-- One more attempt without an answer; the row is locked until the caller has decided.
INSERT INTO pdp.circuit_partenaire AS c (partenaire_id, plateforme_id, echecs, dernier_code, dernier_echec_at)
VALUES (:partenaire, :plateforme, 1, :code, :maintenant)
ON CONFLICT (partenaire_id) DO UPDATE SET echecs = c.echecs + 1, dernier_code = excluded.dernier_code, dernier_echec_at = excluded.dernier_echec_at,
    essai_jusqu_a = NULL
RETURNING echecs, coupures, reprise_at;

-- name: couper
-- Nothing leaves until then.
UPDATE pdp.circuit_partenaire SET coupe_at = coalesce(coupe_at, :maintenant), reprise_at = :reprise, coupures = :coupures
WHERE partenaire_id = :partenaire;

-- name: retablir
-- It answered: everything leaves; tells whether it had been cut. No row when it had no failure.
WITH avant AS (
    SELECT partenaire_id, coupe_at FROM pdp.circuit_partenaire WHERE partenaire_id = :partenaire AND (echecs > 0 OR coupe_at IS NOT NULL) FOR UPDATE
)
UPDATE pdp.circuit_partenaire c
SET echecs = 0, coupures = 0, coupe_at = NULL, reprise_at = NULL, essai_jusqu_a = NULL, dernier_succes_at = :maintenant
FROM avant WHERE c.partenaire_id = avant.partenaire_id
RETURNING avant.coupe_at IS NOT NULL AS etait_coupe;

-- name: avancer_envois
-- What waited for another attempt leaves now, in the order in which it was written; not a withdrawal whose answer is doubted: its wait is the point.
UPDATE pdp.outbox SET prochain_essai_at = :maintenant
WHERE partenaire_id = :partenaire AND etat = 'a_envoyer' AND essais > 0 AND prochain_essai_at > :maintenant AND canal NOT IN ('courriel', 'sms')
    AND NOT (type = 'annulation' AND coalesce(dernier_code, '') IN ('http_404', 'http_410'));

-- name: reclamer_incertain
-- Take one message nobody is sure of, of a transport that can be asked: the token stops whoever still holds it.
UPDATE pdp.outbox o SET jeton = o.jeton + 1, rapproche_at = :suivant
FROM (
    SELECT x.id FROM pdp.outbox x
    WHERE (x.etat = 'incertain' OR (x.etat = 'rebut' AND x.ambigu)) AND x.partenaire_id IS NOT NULL AND x.canal = ANY (cast(:canaux AS text[]))
      AND (x.rapproche_at IS NULL OR x.rapproche_at <= :maintenant) AND x.cree_at > :depuis
      AND NOT EXISTS (SELECT 1 FROM pdp.circuit_partenaire c WHERE c.partenaire_id = x.partenaire_id AND c.coupe_at IS NOT NULL AND c.reprise_at > :maintenant)
    ORDER BY x.rapproche_at NULLS FIRST, x.cree_at, x.id
    LIMIT 1
    FOR UPDATE SKIP LOCKED
) d
WHERE o.id = d.id
RETURNING o.id, o.cle, o.plateforme_id, o.parcours_id, o.orientation_id, o.partenaire_id, o.canal, o.type, o.charge, o.etat, o.essais, o.jeton,
    o.horizon_at, o.cree_at, o.cause, o.trop_tard_at, o.dernier_code AS obstacle;

-- name: conclure_incertain
-- What the recipient said; no row when a person or another worker decided meanwhile.
UPDATE pdp.outbox SET etat = :etat, dernier_code = :code, ambigu = false, livre_at = :livre_at
WHERE id = :id AND jeton = :jeton AND etat IN ('incertain', 'rebut')
RETURNING id;

-- name: verrouiller_taches
-- What was asked of a person about a message.
SELECT id FROM pdp.tache WHERE parcours_id = :parcours AND motif = 'message_en_echec' AND cause = :cause AND fermee_at IS NULL;

-- name: lire_a_regler
-- A message of a hand-over that a person may settle.
SELECT o.id, o.cle, o.plateforme_id, o.parcours_id, o.orientation_id, o.partenaire_id, o.canal, o.type, o.charge, o.etat, o.essais, o.jeton,
    o.horizon_at, o.cree_at, o.cause, o.trop_tard_at, o.dernier_code AS obstacle
FROM pdp.outbox o
WHERE o.id = :message AND o.parcours_id = :parcours AND o.orientation_id IS NOT NULL AND o.cause IS NULL
FOR UPDATE;

-- name: regler
-- A person asked the partner: it has it, or the message leaves again.
UPDATE pdp.outbox
SET etat = :etat, dernier_code = :code, ambigu = false, interruptions = 0, livre_at = :livre_at,
    prochain_essai_at = coalesce(:reprise, prochain_essai_at), horizon_at = greatest(horizon_at, coalesce(:horizon, horizon_at))
WHERE id = :id AND etat IN ('incertain', 'rebut')
RETURNING id;

-- name: lister_a_regler
-- Messages of the hand-overs of a parcours that did not surely arrive.
SELECT DISTINCT ON (o.orientation_id) o.orientation_id, o.id, o.etat, o.canal, o.type, o.essais, o.dernier_code, o.cree_at
FROM pdp.outbox o
JOIN pdp.orientation r ON r.id = o.orientation_id
WHERE o.parcours_id = :parcours AND o.cause IS NULL AND o.type <> 'avis_partenaire' AND o.etat IN ('incertain', 'rebut')
  AND (o.type = 'annulation' OR r.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours'))
ORDER BY o.orientation_id, o.cree_at DESC, o.id;

-- name: lister_pour_responsable
-- Partners for whom nothing leaves, and how many messages wait.
SELECT n.nom, n.type, n.canal, c.coupe_at, c.reprise_at, c.coupures, c.dernier_code,
    (SELECT count(*) FROM pdp.outbox o WHERE o.partenaire_id = c.partenaire_id AND o.etat = 'a_envoyer') AS en_attente
FROM pdp.circuit_partenaire c JOIN pdp.partenaire n ON n.id = c.partenaire_id
WHERE c.coupe_at IS NOT NULL
ORDER BY c.coupe_at, n.nom;
