-- name: trouver
-- How far a mailbox was read.
SELECT uidvalidity, uid, uid_echec, echecs FROM pdp.boite WHERE nom = :boite;

-- name: avancer
-- Recorded up to here; another numbering starts again. A slower passage never moves it back.
INSERT INTO pdp.boite AS b (nom, uidvalidity, uid, lu_at) VALUES (:boite, :uidvalidity, :uid, :maintenant)
ON CONFLICT (nom) DO UPDATE SET
    uid = CASE WHEN b.uidvalidity = excluded.uidvalidity THEN greatest(b.uid, excluded.uid) ELSE excluded.uid END,
    uidvalidity = excluded.uidvalidity, lu_at = excluded.lu_at, dernier_code = NULL, uid_echec = NULL, echecs = 0;

-- name: noter_lecture
-- The mailbox answered (no code) or did not; nothing is known of one that never answered.
UPDATE pdp.boite SET lu_at = :maintenant, dernier_code = :code WHERE nom = :boite;

-- name: compter_echec
-- A message whose reading could not be recorded; returns how many times in a row.
UPDATE pdp.boite SET echecs = CASE WHEN uid_echec = :uid THEN echecs + 1 ELSE 1 END, uid_echec = :uid, dernier_code = :code, lu_at = :maintenant
WHERE nom = :boite RETURNING echecs;

-- name: garder
-- One mail, once whatever its number becomes.
INSERT INTO pdp.boite_message (boite, uidvalidity, uid, empreinte, plateforme_id, outbox_id, nature, etat, code, resultat, raison, recu_at, a_marquer)
VALUES (:boite, :uidvalidity, :uid, :empreinte, :plateforme, :outbox, :nature, :etat, :code, :resultat, :raison, :maintenant, :a_marquer)
ON CONFLICT (boite, empreinte) DO NOTHING
RETURNING id;

-- name: verrouiller
-- Two passages over the same mailbox take turns.
SELECT nom FROM pdp.boite WHERE nom = :boite FOR UPDATE;

-- name: est_connu
-- Whether a content was already read.
SELECT 1 FROM pdp.boite_message WHERE boite = :boite AND empreinte = :empreinte;

-- name: lister_a_marquer
-- Read, committed, and not yet marked in the mailbox.
SELECT id, uid FROM pdp.boite_message WHERE boite = :boite AND uidvalidity = :uidvalidity AND a_marquer AND marque_at IS NULL ORDER BY uid LIMIT 500;

-- name: marquer
-- Marked in the mailbox.
UPDATE pdp.boite_message SET marque_at = :maintenant WHERE id = ANY (cast(:ids AS uuid[]));

-- name: trouver_message
-- The message of the outbox that a mail answers, the most certain key first.
SELECT o.id, o.cle, o.orientation_id, o.cause FROM pdp.outbox o JOIN unnest(cast(:cles AS uuid[])) WITH ORDINALITY AS c (cle, rang) ON c.cle = o.cle
WHERE o.canal IN ('messagerie', 'courriel', 'lien') AND o.essais > 0
ORDER BY c.rang LIMIT 1;

-- name: verrouiller_orientation
-- Before the message, as those who take a hand-over back do.
SELECT id FROM pdp.orientation WHERE id = :orientation FOR NO KEY UPDATE;

-- name: verrouiller_envoi
-- A message to a partner as what comes back finds it.
SELECT o.id, o.cle, o.plateforme_id, o.parcours_id, o.orientation_id, o.partenaire_id, o.canal, o.type, o.charge, o.etat, o.essais, o.jeton,
    o.horizon_at, o.cree_at, o.cause, o.trop_tard_at, cast(NULL AS text) AS obstacle, o.remise, r.statut AS orientation_statut, p.clos_at
FROM pdp.outbox o
JOIN pdp.parcours p ON p.id = o.parcours_id
LEFT JOIN pdp.orientation r ON r.id = o.orientation_id
WHERE o.id = :message FOR UPDATE OF o;

-- name: noter_remise
-- What the operator or the partner's mailbox says of a message; a message that is known to have arrived is delivered.
UPDATE pdp.outbox
SET remise = :remise, remise_at = :maintenant, remise_code = :code, etat = CASE WHEN etat = 'incertain' AND :arrive THEN 'livre' ELSE etat END,
    livre_at = CASE WHEN etat = 'incertain' AND :arrive THEN :maintenant ELSE livre_at END, bail_jusqu_a = NULL
WHERE id = :id;

-- name: noter_perte
-- It came back: not delivered after all.
UPDATE pdp.outbox SET etat = 'rebut', dernier_code = :code, livre_at = NULL, bail_jusqu_a = NULL, remise = 'echec_definitif', remise_at = :maintenant,
    remise_code = :code
WHERE id = :id AND etat IN ('livre', 'incertain');

-- name: oter_envoyee
-- The partner does not have it: it did not leave, as long as nobody answered.
UPDATE pdp.orientation SET envoyee_at = NULL WHERE id = :orientation AND statut = 'envoyee';

-- name: compter_a_voir
-- Mails set aside that nobody looked at.
SELECT count(*) FROM pdp.boite_message WHERE resultat = 'quarantaine' AND vu_at IS NULL;

-- name: lister_messages
-- What came back lately: mails set aside first, then the others.
SELECT m.id, m.boite, m.uid, m.nature, m.etat, m.code, m.resultat, m.raison, m.recu_at, m.vu_at, m.plateforme_id IS NOT NULL AS connue
FROM pdp.boite_message m
ORDER BY (m.resultat = 'quarantaine' AND m.vu_at IS NULL AND m.plateforme_id IS NOT NULL) DESC, m.recu_at DESC, m.id
LIMIT :limite;

-- name: lister
-- Mailboxes and when they were last read.
SELECT nom, lu_at, dernier_code FROM pdp.boite ORDER BY nom;

-- name: noter_vu
-- A manager looked at it in the mailbox; a second time changes nothing.
UPDATE pdp.boite_message SET vu_par = :par, vu_at = :maintenant
WHERE id = :id AND plateforme_id IS NOT NULL AND resultat = 'quarantaine' AND vu_at IS NULL RETURNING id;

-- name: lire_personne
-- A message to an insured person.
SELECT id, plateforme_id FROM pdp.outbox WHERE cle = :cle;

-- name: lister_a_lire
-- Letters of a partner that a coordinator was asked to read, about one hand-over.
SELECT id FROM pdp.tache
WHERE parcours_id = :parcours AND motif = 'lire_reponse' AND fermee_at IS NULL AND starts_with(cause, concat(cast(:orientation AS text), ':courrier:'))
ORDER BY id;

-- name: lire_a_noter
-- A hand-over whose answer is noted, locked: two answers never bear the same number.
SELECT o.id, o.parcours_id, o.partenaire_id, o.plateforme_id, n.canal, n.nom AS partenaire
FROM pdp.orientation o JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.id = :orientation AND o.parcours_id = :parcours FOR UPDATE OF o;

-- name: lire_orientation
-- The same, to show the form.
SELECT o.id, o.statut, o.envoyee_at, n.canal, n.nom AS partenaire
FROM pdp.orientation o JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.id = :orientation AND o.parcours_id = :parcours;
