-- name: ecrire_partenaires
-- The partners of the fault harness: synthetic, on its own throw-away server.
INSERT INTO pdp.partenaire (id, plateforme_id, id_source, type, nom, canal, url, courriel, adresse_securisee, actif_du)
SELECT p.id, 'PF35', p.id_source, p.type, 'Partenaire ' || p.id_source, p.canal, p.url, p.courriel, p.adresse, '2020-01-01'
FROM jsonb_to_recordset(cast(:partenaires AS jsonb)) AS p (id uuid, id_source text, type text, canal text, url text, courriel text, adresse text);

-- name: ecrire_agent
-- The coordinator who decides.
INSERT INTO pdp.agent (plateforme_id, matricule, nom, prenom, role, territoire, quotite, actif_du)
VALUES ('PF35', 'CHAOS', 'Essai', 'Camille', 'csam', '{tous}', 1, '2020-01-01')
RETURNING id;

-- name: ecrire_cas
-- People ready to be handed over, with their agreements.
WITH cas AS (
    SELECT * FROM jsonb_to_recordset(cast(:cas AS jsonb)) AS c (rang integer, parcours uuid, assure uuid)
), personnes AS (
    INSERT INTO identite.assure (id, plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe, commune_insee, telephone, contrat,
        mis_a_jour_source_at, connu_at)
    SELECT c.assure, 'PF35', 'CH' || c.assure, uuid_send(c.assure), uuid_send(c.assure), 'Fictif', 'Dominique', '1980-05-01', 'F', '35238', '+33639980000',
        'salarie', :maintenant, :maintenant
    FROM cas c
), episodes AS (
    INSERT INTO pdp.episode (id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, motif_categorie, connu_at,
        calcule_at)
    SELECT c.assure, 'PF35', c.assure, 'AV' || c.assure, '2026-08-20', '2026-12-08', 110, 1, 'maladie', 'tms', :maintenant, :maintenant FROM cas c
), signalements AS (
    INSERT INTO pdp.signalement (id, plateforme_id, assure_id, episode_id, palier, survenu_le, connu_at, priorite, statut)
    SELECT c.assure, 'PF35', c.assure, c.assure, 90, '2026-11-18', :maintenant, 50, 'oriente_csam' FROM cas c
)
INSERT INTO pdp.parcours (id, plateforme_id, assure_id, signalement_id, statut, csam_id, priorite, survenu_le, connu_at, decide_at, dernier_evenement_at)
SELECT c.parcours, 'PF35', c.assure, c.assure, 'accord_demande', :csam, 50, '2026-11-18', :maintenant, :maintenant, :maintenant FROM cas c;

-- name: ecrire_accords
-- What these people agreed to.
INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, decision, finalite, classes, modalite, texte_version, recueilli_par, recueilli_at, expire_le)
SELECT 'PF35', a.parcours, a.destinataire, 'accorde', 'essai', '{identite,contact}', 'oral', 'essai', :csam, :maintenant, a.expire_le
FROM jsonb_to_recordset(cast(:accords AS jsonb)) AS a (parcours uuid, destinataire text, expire_le date);

-- name: lister_actives
-- Hand-overs that may be taken back.
SELECT id FROM pdp.orientation WHERE parcours_id = ANY (cast(:parcours AS uuid[])) AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours') ORDER BY id;

-- name: lister_accords
-- Agreements that may be withdrawn.
SELECT id FROM pdp.accord WHERE parcours_id = ANY (cast(:parcours AS uuid[])) AND decision = 'accorde' AND retire_at IS NULL ORDER BY recueilli_at, id;

-- name: lister_boite
-- What a partner reads in its inbox and has not finished.
SELECT id, statut FROM pdp.orientation
WHERE partenaire_id = :partenaire AND envoyee_at IS NOT NULL AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours') ORDER BY id;

-- name: lire_orientations
-- The hand-overs of a schedule.
SELECT o.id, o.parcours_id, o.dispositif, o.statut, o.envoyee_at, o.version_partenaire, n.canal
FROM pdp.orientation o JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.parcours_id = ANY (cast(:parcours AS uuid[])) ORDER BY o.proposee_at, o.id;

-- name: lire_messages
-- Their messages.
SELECT id, cle, parcours_id, orientation_id, canal, type, etat, essais, ambigu, dernier_code FROM pdp.outbox
WHERE parcours_id = ANY (cast(:parcours AS uuid[])) ORDER BY cree_at, id;

-- name: lire_reponses
-- What came back.
SELECT i.evenement_id, i.orientation_id, i.version, i.statut, i.traite_at, i.resultat FROM pdp.inbox i
JOIN pdp.orientation o ON o.id = i.orientation_id
WHERE o.parcours_id = ANY (cast(:parcours AS uuid[])) ORDER BY i.orientation_id, i.version;

-- name: lire_taches
-- Open reasons to act.
SELECT parcours_id, motif, cause FROM pdp.tache WHERE parcours_id = ANY (cast(:parcours AS uuid[])) AND fermee_at IS NULL;

-- name: lire_journal
-- Journal rows by hand-over and kind of message.
SELECT evenement, donnees ->> 'orientation_id' AS orientation_id, coalesce(donnees ->> 'type', '') AS type, count(*) AS nombre FROM journal.evenement
WHERE (parcours_id = ANY (cast(:parcours AS uuid[]))
    OR (evenement = 'reponse_recue' AND donnees ->> 'orientation_id' = ANY (cast(:orientations AS text[])))) AND donnees ? 'orientation_id'
GROUP BY 1, 2, 3;

-- name: lire_changements
-- Every change of state seen by the triggers of the harness, in order.
SELECT nature, ligne, avant, apres, code FROM chaos.changement ORDER BY id;

-- name: lire_sans_accord
-- Messages claimed although the agreement had been withdrawn (committed) or had expired before the claim began.
SELECT DISTINCT r.ligne FROM chaos.reclamation r
JOIN pdp.outbox x ON x.id = r.ligne
JOIN pdp.orientation o ON o.id = x.orientation_id
LEFT JOIN pdp.accord a ON a.id = o.accord_id AND a.destinataire = x.accord_destinataire AND a.decision = 'accorde'
WHERE a.id IS NULL OR (a.retire_at IS NOT NULL AND pg_xact_commit_timestamp(a.xmin) < r.debut)
    OR a.expire_le < (r.instant AT TIME ZONE 'Europe/Paris')::date;

-- name: expirer_baux
-- Time passes: whoever held a message and is gone no longer holds it.
UPDATE pdp.outbox SET bail_jusqu_a = clock_timestamp() - interval '1 second' WHERE etat = 'en_cours';

-- name: expirer_essais
-- Time passes for the one try of a cut partner too.
UPDATE pdp.circuit_partenaire SET essai_jusqu_a = clock_timestamp() - interval '1 second' WHERE essai_jusqu_a IS NOT NULL;

-- name: oublier_circuits
-- A new schedule: every partner answers as far as we know.
UPDATE pdp.circuit_partenaire SET echecs = 0, coupures = 0, coupe_at = NULL, reprise_at = NULL, essai_jusqu_a = NULL;

-- name: empreinte
-- One hash of all that the hand-overs of a schedule are.
SELECT md5(string_agg(ligne, '|' ORDER BY ligne)) FROM (
    SELECT 'o' || o.id || o.statut || o.version_partenaire || coalesce(o.compte_rendu, '') AS ligne FROM pdp.orientation o
        WHERE o.parcours_id = ANY (cast(:parcours AS uuid[]))
    UNION ALL SELECT 'x' || x.id || x.etat || x.essais || x.jeton FROM pdp.outbox x WHERE x.parcours_id = ANY (cast(:parcours AS uuid[]))
    UNION ALL SELECT 't' || t.id || coalesce(t.issue, '') FROM pdp.tache t WHERE t.parcours_id = ANY (cast(:parcours AS uuid[]))
    UNION ALL SELECT 'p' || p.id || p.statut FROM pdp.parcours p WHERE p.id = ANY (cast(:parcours AS uuid[]))
    UNION ALL SELECT 'j' || count(*) FROM journal.evenement v WHERE v.parcours_id = ANY (cast(:parcours AS uuid[]))
) t;
