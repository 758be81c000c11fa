-- name: preparer_echange
-- People known under a former pivot id and under the new one: which of the two rows goes on. A followed case decides, else the new id.
CREATE TEMP TABLE echange ON COMMIT DROP AS
WITH rangee AS (
    SELECT a.id, a.plateforme_id, a.id_source, c.actuel, a.connu_at,
        EXISTS (SELECT FROM pdp.parcours p WHERE p.assure_id = a.id) AS suivi
    FROM id_courant c JOIN identite.assure a ON a.id_source IN (c.ancien, c.actuel)
), gardee AS (
    SELECT DISTINCT ON (plateforme_id, actuel) plateforme_id, actuel, id, id_source
    FROM rangee
    ORDER BY plateforme_id, actuel, suivi DESC, id_source = actuel DESC, connu_at, id
)
SELECT g.id AS garde_id, g.id_source AS ancien, g.actuel, g.plateforme_id, o.id AS ombre_id
FROM gardee g LEFT JOIN identite.assure o ON o.id_source = g.actuel AND o.plateforme_id = g.plateforme_id AND o.id <> g.id
WHERE g.id_source <> g.actuel;

-- name: liberer
-- A row that gives way leaves the new pivot id first.
UPDATE identite.assure a SET id_source = '~' || a.id FROM echange e WHERE a.id = e.ombre_id;

-- name: reprendre
-- The person takes her new pivot id, with her case.
UPDATE identite.assure a SET id_source = e.actuel FROM echange e WHERE a.id = e.garde_id;

-- name: ranger
-- The row that gave way keeps the former pivot id.
UPDATE identite.assure a SET id_source = e.ancien FROM echange e WHERE a.id = e.ombre_id;

-- name: garder_nir
-- NIR of the rows that are one person.
INSERT INTO identite.nir_ancien (plateforme_id, assure_id, nir_empreinte, connu_au)
SELECT DISTINCT a.plateforme_id, a.id, n.nir_empreinte, cast(:maintenant AS timestamptz)
FROM id_courant c
JOIN identite.assure o ON o.id_source = c.ancien
JOIN identite.assure a ON a.id_source = c.actuel AND a.plateforme_id = o.plateforme_id AND a.nir_empreinte <> o.nir_empreinte
CROSS JOIN LATERAL (VALUES (a.nir_empreinte), (o.nir_empreinte)) AS n (nir_empreinte)
ON CONFLICT DO NOTHING;

-- name: completer
-- Of two rows of one person the newest content wins, whichever row goes on.
UPDATE identite.assure a
SET nir_chiffre = o.nir_chiffre, nir_empreinte = o.nir_empreinte, nir_provisoire = o.nir_provisoire, nom = o.nom, prenom = o.prenom,
    date_naissance = o.date_naissance, sexe = o.sexe, commune_insee = o.commune_insee, telephone = o.telephone, courriel = o.courriel,
    contact_prefere = o.contact_prefere, contact_refus = o.contact_refus, langue = o.langue, contrat = o.contrat,
    mis_a_jour_source_at = o.mis_a_jour_source_at, connu_at = :maintenant, fichier_id = o.fichier_id
FROM identite.assure o JOIN id_courant c ON c.ancien = o.id_source
WHERE a.id_source = c.actuel AND a.plateforme_id = o.plateforme_id
  AND (o.mis_a_jour_source_at, o.nom, o.prenom, o.date_naissance, o.sexe, o.commune_insee, coalesce(o.telephone, ''), coalesce(o.courriel, ''),
       o.contact_prefere, o.contact_refus, o.langue, o.contrat, o.nir_empreinte)
    > (a.mis_a_jour_source_at, a.nom, a.prenom, a.date_naissance, a.sexe, a.commune_insee, coalesce(a.telephone, ''), coalesce(a.courriel, ''),
       a.contact_prefere, a.contact_refus, a.langue, a.contrat, a.nir_empreinte);

-- name: consigner_reprises
-- One journal event per person who changed pivot id; the ids themselves are not written.
SELECT journal.consigner_lot('identifiant_remplace',
    jsonb_agg(jsonb_build_object('plateforme_id', plateforme_id, 'assure_id', garde_id,
                                 'donnees', jsonb_build_object('fichier_id', cast(:fichier AS uuid)))))
FROM echange
HAVING count(*) > 0;

-- name: designer_transferes
-- People moved by a transfer, in the place of those of a file: the statements that follow take them from there.
CREATE TEMP TABLE retenu_assures ON COMMIT DROP AS
SELECT id_source FROM identite.assure WHERE id = ANY(cast(:assures AS uuid[]));

-- name: preparer_demenagement
-- Rows of people who are now somebody else's row: on the platform of their newest row, under the pivot id in force.
CREATE TEMP TABLE demenagement ON COMMIT DROP AS
WITH groupe AS (
    SELECT id_source AS actuel, id_source FROM retenu_assures
    UNION SELECT actuel, actuel FROM id_courant
    UNION SELECT actuel, ancien FROM id_courant
), rangee AS (
    SELECT g.actuel, a.id, a.plateforme_id, a.id_source, a.mis_a_jour_source_at
    FROM groupe g JOIN identite.assure a ON a.id_source = g.id_source
), courante AS (
    SELECT DISTINCT ON (actuel) actuel, id, plateforme_id
    FROM rangee
    WHERE id_source = actuel
    ORDER BY actuel, mis_a_jour_source_at DESC, plateforme_id
)
SELECT r.id AS de, r.plateforme_id AS de_plateforme_id, c.id AS vers, c.plateforme_id
FROM rangee r JOIN courante c ON c.actuel = r.actuel
WHERE r.id <> c.id;

-- name: demenager_nir
-- Former NIR of people who changed platform.
INSERT INTO identite.nir_ancien (plateforme_id, assure_id, nir_empreinte, connu_au)
SELECT DISTINCT d.plateforme_id, d.vers, n.nir_empreinte, n.connu_au
FROM demenagement d JOIN identite.nir_ancien n ON n.assure_id = d.de
ON CONFLICT DO NOTHING;

-- name: constater_nir_partages
-- People of this file, or who bear the NIR of one of them, when several people bear it.
INSERT INTO identite.nir_partage (assure_id, plateforme_id, constate_at)
WITH porteur AS (
    SELECT a.id, a.plateforme_id, a.nir_empreinte, a.id_source
    FROM identite.assure a
    WHERE a.nir_empreinte IN (SELECT nir_empreinte FROM lu_assures) AND NOT EXISTS (SELECT FROM id_courant c WHERE c.ancien = a.id_source)
)
SELECT p.id, p.plateforme_id, :maintenant
FROM porteur p
WHERE EXISTS (SELECT FROM porteur q WHERE q.nir_empreinte = p.nir_empreinte AND q.id_source <> p.id_source)
ON CONFLICT (assure_id) DO UPDATE SET leve_at = NULL, constate_at = excluded.constate_at WHERE nir_partage.leve_at IS NOT NULL;

-- name: lever_nir_partages
-- People who no longer share their NIR with anybody.
UPDATE identite.nir_partage n SET leve_at = :maintenant
FROM identite.assure a
WHERE a.id = n.assure_id AND n.leve_at IS NULL
  AND (EXISTS (SELECT FROM id_courant c WHERE c.ancien = a.id_source)
       OR NOT EXISTS (SELECT FROM identite.assure b
                      WHERE b.nir_empreinte = a.nir_empreinte AND b.id_source <> a.id_source
                        AND NOT EXISTS (SELECT FROM id_courant c WHERE c.ancien = b.id_source)));

-- name: compter_nir_partages_lus
-- People of this file whose NIR somebody else also bears.
SELECT count(DISTINCT n.assure_id)
FROM lu_assures l
JOIN identite.assure a ON a.id_source = l.id_source
JOIN identite.nir_partage n ON n.assure_id = a.id
WHERE n.leve_at IS NULL;

-- name: compter_nir_partages
-- For the manager: people of the platform whose NIR somebody else also bears, and since when.
SELECT count(*) AS personnes, min(constate_at) AS depuis FROM identite.nir_partage WHERE leve_at IS NULL AND plateforme_id = :plateforme;
