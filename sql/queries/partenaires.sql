-- name: lister_annuaire
-- Partners in activity that day, whom they serve, their places and delays; narrowed to a kind and to those that serve a place or an employer.
SELECT n.id, n.nom, n.type, n.telephone, n.courriel, n.horaires, n.canal, n.delai_reponse_jours,
    ARRAY(SELECT d.code FROM pdp.partenaire_desserte d WHERE d.partenaire_id = n.id AND d.genre = 'zone' AND d.retire_at IS NULL ORDER BY d.code) AS zones,
    ARRAY(SELECT d.code FROM pdp.partenaire_desserte d WHERE d.partenaire_id = n.id AND d.genre = 'spst' AND d.retire_at IS NULL ORDER BY d.code) AS spst,
    (SELECT count(*) FROM pdp.partenaire_desserte d WHERE d.partenaire_id = n.id AND d.genre = 'employeur' AND d.retire_at IS NULL) AS employeurs,
    u.places, u.periode, u.pris, u.complet_jusqu_au, u.ferme_jusqu_au, u.relais, m.reponse_jours AS delai_jours,
    coalesce(m.repondues, 0) AS delai_nombre
FROM pdp.partenaire n
JOIN pdp.partenaires_au(:jour) u ON u.partenaire_id = n.id
LEFT JOIN pdp.delais_des_partenaires(:depuis, :jour) m ON m.partenaire_id = n.id
WHERE n.actif_du <= :jour AND (n.actif_au IS NULL OR :jour <= n.actif_au)
  AND (cast(:type AS text) IS NULL OR n.type = :type)
  AND (cast(:lieu AS text) IS NULL
    OR NOT EXISTS (SELECT FROM pdp.partenaire_desserte d WHERE d.partenaire_id = n.id AND d.genre = 'zone' AND d.retire_at IS NULL)
    OR EXISTS (SELECT FROM pdp.partenaire_desserte d WHERE d.partenaire_id = n.id AND d.genre = 'zone' AND d.retire_at IS NULL
        AND (starts_with(cast(:lieu AS text), d.code) OR starts_with(d.code, cast(:lieu AS text)))))
  AND (cast(:employeur AS text) IS NULL OR EXISTS (SELECT FROM pdp.partenaire_desserte d WHERE d.partenaire_id = n.id AND d.genre = 'employeur'
        AND d.retire_at IS NULL AND d.code IN (cast(:employeur AS text), left(cast(:employeur AS text), 9))))
ORDER BY n.type, n.nom, n.id;

-- name: lister_suivis
-- Every partner of the platform, those that ended last: transport, what waits, what is asked of the manager, delays as counts.
SELECT n.id, n.nom, n.type, n.canal, n.actif_du, n.actif_au, n.configure_at,
    (SELECT count(*) FROM pdp.outbox o WHERE o.partenaire_id = n.id AND o.etat = 'a_envoyer' AND o.type = 'orientation') AS en_attente,
    (SELECT count(*) FROM pdp.outbox o WHERE o.partenaire_id = n.id AND o.etat IN ('incertain', 'rebut') AND o.type = 'orientation'
        AND o.cree_at >= :depuis) AS en_echec,
    (SELECT count(*) FROM pdp.partenaire_adresse q WHERE q.partenaire_id = n.id AND q.decidee_at IS NULL) AS demandes,
    u.places, u.periode, u.pris, u.complet_jusqu_au, u.ferme_jusqu_au, u.relais,
    coalesce(m.envoyees, 0) AS envoyees, coalesce(m.echues, 0) AS echues, coalesce(m.repondues, 0) AS repondues, coalesce(m.refusees, 0) AS refusees,
    m.reponse_jours, coalesce(m.rencontres, 0) AS rencontres, m.rencontre_jours, coalesce(m.finies, 0) AS finies, m.fin_jours
FROM pdp.partenaire n
JOIN pdp.partenaires_au(:jour) u ON u.partenaire_id = n.id
LEFT JOIN pdp.delais_des_partenaires(:depuis, :jour) m ON m.partenaire_id = n.id
ORDER BY (n.actif_au IS NOT NULL AND n.actif_au < :jour), n.type, n.nom, n.id;

-- name: trouver
-- One partner, as configured.
SELECT id, plateforme_id, id_source, type, nom, canal, url, jeton_url, courriel, adresse_securisee, telephone, delai_reponse_jours, horaires, actif_du, actif_au,
    annonce, configure_at
FROM pdp.partenaire WHERE id = :partenaire;

-- name: verrouiller
-- Same, locked: one change at a time.
SELECT id, plateforme_id, id_source, type, nom, canal, url, jeton_url, courriel, adresse_securisee, telephone, delai_reponse_jours, horaires, actif_du, actif_au,
    annonce, configure_at
FROM pdp.partenaire WHERE id = :partenaire FOR NO KEY UPDATE;

-- name: configurer
-- What a person decided; lists no longer change it.
UPDATE pdp.partenaire
SET canal = :canal, url = :url, jeton_url = :jeton_url, courriel = :courriel, adresse_securisee = :adresse_securisee, telephone = :telephone,
    delai_reponse_jours = :delai_reponse_jours, horaires = :horaires, configure_at = :configure_at
WHERE id = :partenaire;

-- name: creer
-- A partner that no list names.
INSERT INTO pdp.partenaire (plateforme_id, id_source, type, nom, canal, url, jeton_url, courriel, adresse_securisee, telephone, delai_reponse_jours,
    horaires, actif_du, configure_at)
VALUES (:plateforme, :id_source, :type, :nom, :canal, :url, :jeton_url, :courriel, :adresse_securisee, :telephone, :delai_reponse_jours, :horaires, :actif_du,
    :maintenant)
ON CONFLICT (plateforme_id, id_source) DO NOTHING
RETURNING id;

-- name: renommer
-- Name and last day of a partner that no list names.
UPDATE pdp.partenaire SET nom = :nom, actif_au = :actif_au WHERE id = :partenaire AND annonce = '{}';

-- name: suivre_transport
-- Hand-overs that wait, not tried yet, take the new way; one that was tried may have been received: it ends where it began, unless the new way is the
-- inbox of the portal, where the same request is shown once whatever was received. A withdrawal goes where the hand-over went. Words announced
-- to be read on a page are not in their message: the announcement ends by the way that has the page.
UPDATE pdp.outbox SET canal = :canal
WHERE partenaire_id = :partenaire AND etat = 'a_envoyer' AND canal = :avant AND type IN ('orientation', 'fin_partenaire', 'reponse_question')
  AND (essais = 0 OR :canal = 'portail')
  AND (type <> 'reponse_question' OR :avant <> 'lien');

-- name: compter_restants
-- Messages that stay on another way than the one of the partner now.
SELECT count(*) FROM pdp.outbox
WHERE partenaire_id = :partenaire AND etat IN ('a_envoyer', 'en_cours') AND type IN ('orientation', 'annulation', 'fin_partenaire', 'reponse_question')
  AND canal <> :canal;

-- name: lister_transports
-- Ways by which a partner was reached, the present one first.
SELECT canal, url, depuis_at, jusqu_at FROM pdp.partenaire_transport WHERE partenaire_id = :partenaire ORDER BY jusqu_at DESC NULLS FIRST, depuis_at DESC;

-- name: lister_desserte
-- Whom a partner serves.
SELECT genre, code FROM pdp.partenaire_desserte WHERE partenaire_id = :partenaire AND retire_at IS NULL ORDER BY genre, code;

-- name: ne_plus_desservir
-- Codes of a kind that no longer count.
UPDATE pdp.partenaire_desserte SET retire_at = greatest(cast(:maintenant AS timestamptz), depuis_at)
WHERE partenaire_id = :partenaire AND genre = :genre AND retire_at IS NULL AND code <> ALL (cast(:codes AS text[]));

-- name: desservir
-- Codes of a kind, those already there left as they are.
INSERT INTO pdp.partenaire_desserte (plateforme_id, partenaire_id, genre, code, depuis_at)
SELECT p.plateforme_id, p.id, :genre, c.code, :maintenant
FROM pdp.partenaire p, unnest(cast(:codes AS text[])) AS c (code)
WHERE p.id = :partenaire
ON CONFLICT (partenaire_id, genre, code) WHERE retire_at IS NULL DO NOTHING;

-- name: toucher
-- A person configured something beside the row itself: lists no longer change it.
UPDATE pdp.partenaire SET configure_at = :maintenant WHERE id = :partenaire;

-- name: lire_capacite
-- Places said, and what is left of them that day.
SELECT u.places, u.periode, u.pris, u.complet_jusqu_au, u.ferme_jusqu_au, u.relais FROM pdp.partenaires_au(:jour) u WHERE u.partenaire_id = :partenaire;

-- name: remplacer_capacite
-- What was said of the places until now.
UPDATE pdp.partenaire_capacite SET remplacee_at = greatest(cast(:maintenant AS timestamptz), posee_at)
WHERE partenaire_id = :partenaire AND remplacee_at IS NULL;

-- name: poser_capacite
-- Places from now on.
INSERT INTO pdp.partenaire_capacite (plateforme_id, partenaire_id, places, periode, complet_jusqu_au, posee_at)
SELECT plateforme_id, id, cast(:places AS integer), cast(:periode AS text), cast(:complet_jusqu_au AS date), :maintenant
FROM pdp.partenaire WHERE id = :partenaire;

-- name: poser_horaires
-- Opening hours in words.
UPDATE pdp.partenaire SET horaires = :horaires WHERE id = :partenaire;

-- name: lister_contacts
-- People of a partner, with the last day of the absence that runs that day and who answers meanwhile.
SELECT c.id, c.nom, c.fonction, c.courriel, c.telephone, c.rappels, a.au AS absent_jusqu_au, r.nom AS relais
FROM pdp.partenaire_contact c
LEFT JOIN LATERAL (SELECT b.au, b.relais_id FROM pdp.partenaire_absence b
    WHERE b.contact_id = c.id AND b.retiree_at IS NULL AND :jour BETWEEN b.du AND b.au ORDER BY b.au DESC, b.id LIMIT 1) a ON true
LEFT JOIN pdp.partenaire_contact r ON r.id = a.relais_id AND r.retire_at IS NULL
WHERE c.partenaire_id = :partenaire AND c.retire_at IS NULL
ORDER BY c.nom, c.id;

-- name: ajouter_contact
-- Somebody of the partner.
INSERT INTO pdp.partenaire_contact (plateforme_id, partenaire_id, nom, fonction, courriel, telephone, rappels, ajoute_at)
SELECT plateforme_id, id, :nom, cast(:fonction AS text), cast(:courriel AS text), cast(:telephone AS text), :rappels, :maintenant
FROM pdp.partenaire WHERE id = :partenaire
RETURNING id;

-- name: retirer_contact
-- No longer there.
UPDATE pdp.partenaire_contact SET retire_at = greatest(cast(:maintenant AS timestamptz), ajoute_at)
WHERE id = :contact AND partenaire_id = :partenaire AND retire_at IS NULL
RETURNING id;

-- name: trouver_contact
-- Whether somebody is still there.
SELECT id FROM pdp.partenaire_contact WHERE id = :contact AND partenaire_id = :partenaire AND retire_at IS NULL;

-- name: lister_absences
-- Absences that run or are to come.
SELECT a.id, a.du, a.au, c.nom AS qui, r.nom AS relais
FROM pdp.partenaire_absence a
LEFT JOIN pdp.partenaire_contact c ON c.id = a.contact_id
LEFT JOIN pdp.partenaire_contact r ON r.id = a.relais_id AND r.retire_at IS NULL
WHERE a.partenaire_id = :partenaire AND a.retiree_at IS NULL AND a.au >= :jour AND (a.contact_id IS NULL OR c.retire_at IS NULL)
ORDER BY a.du, a.id;

-- name: poser_absence
-- Days without an answer.
INSERT INTO pdp.partenaire_absence (plateforme_id, partenaire_id, contact_id, du, au, relais_id, posee_at)
SELECT plateforme_id, id, cast(:contact AS uuid), :du, :au, cast(:relais AS uuid), :maintenant
FROM pdp.partenaire WHERE id = :partenaire
RETURNING id;

-- name: trouver_absence
-- The same absence said before.
SELECT id FROM pdp.partenaire_absence
WHERE partenaire_id = :partenaire AND contact_id IS NOT DISTINCT FROM cast(:contact AS uuid) AND du = :du AND au = :au
  AND relais_id IS NOT DISTINCT FROM cast(:relais AS uuid) AND retiree_at IS NULL;

-- name: retirer_absence
-- It does not count any more.
UPDATE pdp.partenaire_absence SET retiree_at = greatest(cast(:maintenant AS timestamptz), posee_at)
WHERE id = :absence AND partenaire_id = :partenaire AND retiree_at IS NULL
RETURNING id;

-- name: lister_adresses
-- Changes of address that wait for a manager.
SELECT id, champ, valeur, demandee_at FROM pdp.partenaire_adresse WHERE partenaire_id = :partenaire AND decidee_at IS NULL ORDER BY champ;

-- name: remplacer_adresse
-- The partner asks for another one, or for none.
UPDATE pdp.partenaire_adresse SET decidee_at = greatest(cast(:maintenant AS timestamptz), demandee_at), decision = 'remplacee'
WHERE partenaire_id = :partenaire AND champ = :champ AND decidee_at IS NULL;

-- name: demander_adresse
-- A change of address, not used before a manager has checked it.
INSERT INTO pdp.partenaire_adresse (plateforme_id, partenaire_id, champ, valeur, demandee_at)
SELECT plateforme_id, id, :champ, :valeur, :maintenant FROM pdp.partenaire WHERE id = :partenaire
RETURNING id;

-- name: trancher_adresse
-- Decided by a manager, once.
UPDATE pdp.partenaire_adresse SET decidee_at = greatest(cast(:maintenant AS timestamptz), demandee_at), decision = :decision
WHERE id = :demande AND partenaire_id = :partenaire AND decidee_at IS NULL
RETURNING champ, valeur;
