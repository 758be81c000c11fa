-- name: lire_destinataire
-- The person of a parcours as a message needs her: where, what she said, what she refuses, and her platform.
SELECT c.plateforme_id, c.assure_id, c.clos_at, f.libelle AS plateforme, f.telephone AS plateforme_telephone, k.telephone, k.telephone_faux_at,
    k.courriel, k.courriel_faux_at, coalesce(d.langue, a.langue) AS langue, coalesce(d.canal_prefere, a.contact_prefere) AS prefere,
    a.contact_refus || coalesce(d.refus, '{}') AS refus, coalesce('gros_caracteres' = ANY (d.accessibilite), false) AS gros,
    p.lignes, p.code_postal, p.ville
FROM pdp.parcours c
JOIN pdp.plateforme f ON f.id = c.plateforme_id
JOIN identite.assure a ON a.id = c.assure_id
CROSS JOIN LATERAL identite.coordonnees(a.id) k
LEFT JOIN LATERAL pdp.preference_du(a.id) d ON true
LEFT JOIN LATERAL (
    SELECT q.lignes, q.code_postal, q.ville FROM identite.adresse_postale q WHERE q.assure_id = a.id ORDER BY q.saisie_at DESC, q.id DESC LIMIT 1
) p ON true
WHERE c.id = :parcours;

-- name: lister_morts
-- Coordinates of a person that failed for good.
SELECT canal, empreinte FROM identite.coordonnee_morte WHERE assure_id = :assure AND levee_at IS NULL;

-- name: verrouiller
-- One writer at a time for the messages of a parcours.
SELECT pg_advisory_xact_lock(hashtextextended('message:' || cast(:parcours AS text), 0));

-- name: lister_par_cause
-- Messages already written for a cause, latest first.
SELECT id, canal, etat, prochain_essai_at, dernier_code, trop_tard_at FROM pdp.outbox
WHERE parcours_id = :parcours AND type = :modele AND cause = :cause AND remplace_id IS NULL
ORDER BY cree_at DESC, id DESC;

-- name: trouver_doublon
-- A message of the same model (and of the same content when asked) that left, is leaving or waits, less than the guard ago.
SELECT id FROM pdp.outbox
WHERE parcours_id = :parcours AND type = :modele AND etat IN ('a_envoyer', 'en_cours', 'livre', 'incertain')
  AND remise IS DISTINCT FROM 'echec_definitif'
  AND cree_at > :depuis AND (cast(:valeurs AS jsonb) IS NULL OR charge -> 'valeurs' @> cast(:valeurs AS jsonb))
LIMIT 1;

-- name: inserer
-- One message to a person; a known key yields no row.
INSERT INTO pdp.outbox (cle, plateforme_id, parcours_id, canal, type, cause, remplace_id, charge, empreinte, etat, dernier_code, prochain_essai_at,
    trop_tard_at, horizon_at, cree_at)
VALUES (:cle, :plateforme, :parcours, :canal, :modele, :cause, :remplace, cast(:charge AS jsonb), :empreinte, :etat, :code, :part_at, :trop_tard,
    :horizon, :maintenant)
ON CONFLICT (cle) DO NOTHING
RETURNING id;

-- name: rappeler
-- Take back what has not left: nothing in the hands of the sender, no letter already printed.
UPDATE pdp.outbox SET etat = 'rappele', dernier_code = 'rappel'
WHERE parcours_id = :parcours AND cause IS NOT NULL AND etat = 'a_envoyer' AND imprime_at IS NULL
  AND (cast(:cause AS text) IS NULL OR cause = :cause) AND (cast(:id AS uuid) IS NULL OR id = :id)
RETURNING id, plateforme_id, type, canal;

-- name: compter_partis
-- Messages of a cause that the person has or may have.
SELECT count(*) FROM pdp.outbox
WHERE parcours_id = :parcours AND cause = :cause AND (etat IN ('livre', 'en_cours', 'incertain') OR imprime_at IS NOT NULL);

-- name: lire_remplacant
-- The message that repeats another by a channel.
SELECT id, etat, dernier_code, prochain_essai_at FROM pdp.outbox WHERE remplace_id = :remplace AND canal = :canal ORDER BY cree_at DESC, id DESC LIMIT 1;

-- name: lire_joignable
-- Where the person of a parcours can be written to, at this instant.
SELECT c.assure_id, k.telephone, k.telephone_faux_at, k.courriel, k.courriel_faux_at, coalesce(d.canal_prefere, a.contact_prefere) AS prefere,
    a.contact_refus || coalesce(d.refus, '{}') AS refus
FROM pdp.parcours c
JOIN identite.assure a ON a.id = c.assure_id
CROSS JOIN LATERAL identite.coordonnees(a.id) k
LEFT JOIN LATERAL pdp.preference_du(a.id) d ON true
WHERE c.id = :parcours;

-- name: noter_adresse
-- Before an attempt: which number or address it leaves for; no row when the lease was lost.
UPDATE pdp.outbox SET adresse_empreinte = :empreinte WHERE id = :id AND jeton = :jeton AND etat = 'en_cours' RETURNING id;

-- name: noter_mort
-- What the message left for is dead; found again, it is dead again.
INSERT INTO identite.coordonnee_morte (plateforme_id, assure_id, canal, empreinte, code, outbox_id, constatee_at)
SELECT o.plateforme_id, c.assure_id, :canal, o.adresse_empreinte, :code, o.id, :maintenant
FROM pdp.outbox o JOIN pdp.parcours c ON c.id = o.parcours_id
WHERE o.id = :message AND c.id = :parcours AND o.adresse_empreinte IS NOT NULL
ON CONFLICT (assure_id, canal, empreinte) DO UPDATE
SET code = excluded.code, outbox_id = excluded.outbox_id, constatee_at = excluded.constatee_at, levee_at = NULL
WHERE coordonnee_morte.levee_at IS NOT NULL;

-- name: compter_echec
-- The channel did not answer.
INSERT INTO pdp.passerelle AS p (plateforme_id, canal, echecs_suite, dernier_echec_at, dernier_code) VALUES (:plateforme, :canal, 1, :maintenant, :code)
ON CONFLICT (plateforme_id, canal) DO UPDATE
SET echecs_suite = p.echecs_suite + 1, dernier_echec_at = excluded.dernier_echec_at, dernier_code = excluded.dernier_code;

-- name: compter_succes
-- The channel answered, whatever it said of the message.
INSERT INTO pdp.passerelle AS p (plateforme_id, canal, dernier_succes_at) VALUES (:plateforme, :canal, cast(:maintenant AS timestamptz))
ON CONFLICT (plateforme_id, canal) DO UPDATE SET echecs_suite = 0, dernier_succes_at = excluded.dernier_succes_at;

-- name: trouver_attente
-- Whether a platform waits for receipts of SMS, and where they were read up to.
SELECT p.curseur FROM (SELECT 1) AS un LEFT JOIN pdp.passerelle p ON p.plateforme_id = :plateforme AND p.canal = 'sms'
WHERE EXISTS (
    SELECT 1 FROM pdp.outbox o
    WHERE o.plateforme_id = :plateforme AND o.canal = 'sms' AND o.essais > 0 AND o.prochain_essai_at > :depuis);

-- name: verrouiller_cle
-- The message of a key, locked: receipts of one message are applied one after the other.
SELECT id, cle, plateforme_id, parcours_id, canal, type, etat, essais, remise FROM pdp.outbox
WHERE cle = :cle AND plateforme_id = :plateforme FOR UPDATE;

-- name: garder_accuse
-- One receipt per id; a repeat yields no row.
INSERT INTO pdp.accuse (plateforme_id, evenement_id, cle, outbox_id, etat, code, survenu_at, recu_at, empreinte, resultat)
VALUES (:plateforme, :evenement, :cle, :outbox, :etat, :code, :survenu, :maintenant, :empreinte, :resultat)
ON CONFLICT (plateforme_id, evenement_id) DO NOTHING
RETURNING id;

-- name: lire_accuse
-- Content of a known receipt.
SELECT empreinte FROM pdp.accuse WHERE plateforme_id = :plateforme AND evenement_id = :evenement;

-- name: noter_remise
-- What the gateway says; a message whose answer was lost is known to have left, and is not tried again.
UPDATE pdp.outbox SET remise = :remise, remise_at = :survenu, remise_code = :code,
    etat = CASE WHEN etat IN ('a_envoyer', 'incertain', 'rebut') THEN 'livre' ELSE etat END,
    livre_at = CASE WHEN etat IN ('a_envoyer', 'incertain', 'rebut') THEN coalesce(livre_at, :survenu) ELSE livre_at END
WHERE id = :id;

-- name: avancer_curseur
-- Receipts read up to here.
INSERT INTO pdp.passerelle (plateforme_id, canal, curseur, lu_at) VALUES (:plateforme, 'sms', :curseur, :maintenant)
ON CONFLICT (plateforme_id, canal) DO UPDATE SET curseur = excluded.curseur, lu_at = excluded.lu_at;

-- name: lister
-- Messages of a parcours to the person, latest first; an SMS that left before :depuis without a receipt has no news.
SELECT id, cle, canal, type, cause, remplace_id, etat, essais, dernier_code, prochain_essai_at, trop_tard_at, cree_at, imprime_at, livre_at, remise,
    remise_at, remise_code, charge ->> 'objet' AS objet, charge ->> 'texte' AS texte, charge ->> 'langue' AS langue, charge -> 'valeurs' AS valeurs,
    (canal = 'sms' AND etat = 'livre' AND remise IS NULL AND livre_at < :depuis) AS sans_nouvelles
FROM pdp.outbox
WHERE parcours_id = :parcours AND cause IS NOT NULL
ORDER BY cree_at DESC, id DESC;

-- name: lister_degrades
-- Channels without an answer for too many attempts in a row.
SELECT canal FROM pdp.passerelle WHERE plateforme_id = :plateforme AND echecs_suite >= :seuil ORDER BY canal DESC;

-- name: verrouiller_message
-- A message that a person asks to repeat.
SELECT id, cle, canal, type, cause, etat, trop_tard_at, charge -> 'valeurs' AS valeurs FROM pdp.outbox
WHERE id = :id AND parcours_id = :parcours AND cause IS NOT NULL FOR UPDATE;

-- name: noter_adresse_postale
-- What the person gave; the last one is used.
INSERT INTO identite.adresse_postale (plateforme_id, assure_id, lignes, code_postal, ville, saisie_par, saisie_at)
SELECT :plateforme, :assure, :lignes, :code_postal, :ville, :par, :maintenant
WHERE NOT EXISTS (
    SELECT 1 FROM (
        SELECT q.lignes, q.code_postal, q.ville FROM identite.adresse_postale q WHERE q.assure_id = :assure ORDER BY q.saisie_at DESC, q.id DESC LIMIT 1
    ) d WHERE (d.lignes, d.code_postal, d.ville) = (:lignes, :code_postal, :ville))
RETURNING id;

-- name: retablir
-- A person said that it works again.
UPDATE identite.coordonnee_morte SET levee_at = :maintenant
WHERE assure_id = :assure AND canal = :canal AND empreinte = :empreinte AND levee_at IS NULL RETURNING id;

-- name: lister_taches
-- Open reasons about the failure of one message.
SELECT id FROM pdp.tache WHERE parcours_id = :parcours AND motif = 'message_en_echec' AND cause = :cause AND fermee_at IS NULL;

-- name: lister_sans_confirmation
-- Appointments to come whose confirmation is neither written, nor waiting its turn, nor settled otherwise.
SELECT t.id, t.parcours_id, t.debut_at
FROM pdp.tele_echange t
JOIN pdp.parcours c ON c.id = t.parcours_id
WHERE t.plateforme_id = :plateforme AND t.statut IN ('planifie', 'confirme') AND t.debut_at > :maintenant AND t.planifie_at <= :depuis
  AND c.clos_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM pdp.silence_du_jour(c.assure_id, :jour))
  AND NOT EXISTS (
      SELECT 1 FROM pdp.outbox o
      WHERE o.parcours_id = t.parcours_id AND o.type = 'confirmation_rendez_vous' AND starts_with(o.cause, t.id::text))
  AND NOT EXISTS (
      SELECT 1 FROM pdp.message_rendez_vous m
      WHERE m.tele_echange_id = t.id AND m.genre = 'confirmation' AND (m.processed_at IS NOT NULL OR m.due_at > :depuis))
ORDER BY t.debut_at, t.id;
