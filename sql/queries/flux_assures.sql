-- name: creer
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_assures (
    numero integer NOT NULL, id_source text NOT NULL, departement text NOT NULL, nir_chiffre bytea NOT NULL,
    nir_empreinte bytea NOT NULL, nom text NOT NULL, prenom text NOT NULL, date_naissance date NOT NULL, sexe text NOT NULL,
    commune_insee text NOT NULL, telephone text, courriel text, contact_prefere text NOT NULL, contact_refus text[] NOT NULL,
    langue text NOT NULL, contrat text NOT NULL, maj_at timestamptz NOT NULL, nir_provisoire boolean NOT NULL, id_source_precedent text
) ON COMMIT DROP;

-- name: copier
-- Bulk path of the valid lines.
COPY lu_assures FROM STDIN;

-- name: analyser
-- Sizes for the planner.
ANALYZE lu_assures;

-- name: ecarter
-- People of a department that no platform serves, or who claim the former id of somebody else, leave for the quarantine.
WITH dit AS MATERIALIZED (
    SELECT numero, id_source, id_source_precedent,
        first_value(id_source) OVER (PARTITION BY id_source_precedent ORDER BY maj_at DESC, id_source DESC) AS dernier
    FROM lu_assures
    WHERE id_source_precedent IS NOT NULL
), vu AS (
    SELECT l.numero, 'departement' AS champ, 'departement_hors_plateforme' AS code
    FROM lu_assures l
    WHERE NOT EXISTS (SELECT FROM pdp.plateforme p WHERE p.departement = l.departement)
    UNION
    SELECT d.numero, 'id_source_precedent', 'precedent_deja_repris'
    FROM dit d
    LEFT JOIN id_courant s ON s.ancien = d.id_source_precedent
    LEFT JOIN id_courant c ON c.ancien = d.id_source
    WHERE d.dernier <> d.id_source OR s.actuel <> coalesce(c.actuel, d.id_source)
), partie AS (
    DELETE FROM lu_assures l USING vu WHERE vu.numero = l.numero RETURNING l.numero
)
SELECT DISTINCT ON (vu.numero) vu.numero, vu.champ, vu.code, cast(NULL AS text) AS cle
FROM vu JOIN partie USING (numero)
ORDER BY vu.numero, vu.champ;

-- name: lier
-- Former pivot ids said by this file; somebody already known to be the same person is not said twice.
INSERT INTO identite.id_source_ancien (ancien, actuel, plateforme_id, connu_at)
SELECT DISTINCT ON (l.id_source_precedent) l.id_source_precedent, l.id_source, p.id, :maintenant
FROM lu_assures l
JOIN pdp.plateforme p ON p.departement = l.departement
LEFT JOIN id_courant a ON a.ancien = l.id_source_precedent
LEFT JOIN id_courant c ON c.ancien = l.id_source
WHERE coalesce(a.actuel, l.id_source_precedent) <> coalesce(c.actuel, l.id_source)
ORDER BY l.id_source_precedent, l.maj_at DESC, l.id_source
ON CONFLICT (ancien) DO NOTHING;

-- name: renommer
-- A former pivot id stands for the person who now bears another.
UPDATE lu_assures l SET id_source = c.actuel FROM id_courant c WHERE c.ancien = l.id_source;

-- name: retenir
-- Per person the newest row of the file, where it is newer than what is known; at equal dates the content decides, whatever the order of arrival.
CREATE TEMP TABLE retenu_assures ON COMMIT DROP AS
WITH derniere AS (
    SELECT DISTINCT ON (p.id, l.id_source) l.*, p.id AS plateforme_id
    FROM lu_assures l JOIN pdp.plateforme p ON p.departement = l.departement
    ORDER BY p.id, l.id_source, l.maj_at DESC, l.nom DESC, l.prenom DESC, l.date_naissance DESC, l.sexe DESC, l.commune_insee DESC,
        coalesce(l.telephone, '') DESC, coalesce(l.courriel, '') DESC, l.contact_prefere DESC, l.contact_refus DESC, l.langue DESC, l.contrat DESC,
        l.nir_empreinte DESC
)
SELECT d.*, a.id AS assure_id
FROM derniere d LEFT JOIN identite.assure a ON a.plateforme_id = d.plateforme_id AND a.id_source = d.id_source
WHERE a.id IS NULL
   OR (d.maj_at, d.nom, d.prenom, d.date_naissance, d.sexe, d.commune_insee, coalesce(d.telephone, ''), coalesce(d.courriel, ''), d.contact_prefere,
       d.contact_refus, d.langue, d.contrat, d.nir_empreinte)
    > (a.mis_a_jour_source_at, a.nom, a.prenom, a.date_naissance, a.sexe, a.commune_insee, coalesce(a.telephone, ''), coalesce(a.courriel, ''),
       a.contact_prefere, a.contact_refus, a.langue, a.contrat, a.nir_empreinte);

-- name: garder_nir
-- NIR about to be replaced: a late file that cites one still finds the person.
INSERT INTO identite.nir_ancien (plateforme_id, assure_id, nir_empreinte, connu_au)
SELECT a.plateforme_id, a.id, a.nir_empreinte, :maintenant
FROM retenu_assures r JOIN identite.assure a ON a.id = r.assure_id
WHERE a.nir_empreinte <> r.nir_empreinte
ON CONFLICT DO NOTHING;

-- name: corriger
-- Newer rows of known people.
UPDATE identite.assure a
SET nir_chiffre = r.nir_chiffre, nir_empreinte = r.nir_empreinte, nir_provisoire = r.nir_provisoire, nom = r.nom, prenom = r.prenom,
    date_naissance = r.date_naissance, sexe = r.sexe, commune_insee = r.commune_insee, telephone = r.telephone, courriel = r.courriel,
    contact_prefere = r.contact_prefere, contact_refus = r.contact_refus, langue = r.langue, contrat = r.contrat,
    mis_a_jour_source_at = r.maj_at, connu_at = :maintenant, fichier_id = :fichier
FROM retenu_assures r
WHERE a.id = r.assure_id;

-- name: inserer
-- People never seen.
INSERT INTO identite.assure (plateforme_id, id_source, nir_chiffre, nir_empreinte, nir_provisoire, nom, prenom, date_naissance, sexe, commune_insee,
    telephone, courriel, contact_prefere, contact_refus, langue, contrat, mis_a_jour_source_at, connu_at, fichier_id)
SELECT plateforme_id, id_source, nir_chiffre, nir_empreinte, nir_provisoire, nom, prenom, date_naissance, sexe, commune_insee,
    telephone, courriel, contact_prefere, contact_refus, langue, contrat, maj_at, :maintenant, :fichier
FROM retenu_assures
WHERE assure_id IS NULL;

-- name: garder_nir_lus
-- NIR of lines older than what is known: the same trace as if they had come in order.
INSERT INTO identite.nir_ancien (plateforme_id, assure_id, nir_empreinte, connu_au)
SELECT DISTINCT a.plateforme_id, a.id, l.nir_empreinte, cast(:maintenant AS timestamptz)
FROM lu_assures l
JOIN pdp.plateforme p ON p.departement = l.departement
JOIN identite.assure a ON a.id_source = l.id_source AND a.plateforme_id = p.id
WHERE a.nir_empreinte <> l.nir_empreinte
ON CONFLICT DO NOTHING;

-- name: consigner
-- One journal event per person whose row changed; new people are journalled with their file.
SELECT journal.consigner_lot('assure_mis_a_jour',
    jsonb_agg(jsonb_build_object('plateforme_id', plateforme_id, 'assure_id', assure_id,
                                 'donnees', jsonb_build_object('fichier_id', cast(:fichier AS uuid)))))
FROM retenu_assures
WHERE assure_id IS NOT NULL
HAVING count(*) > 0;

-- name: compter
-- Lines that changed something.
SELECT count(*) FROM retenu_assures;

-- name: fermer
-- A refused line whose person was taken from another file, in the same or a newer version, waits for nobody.
UPDATE identite.quarantaine q SET resolue_at = :maintenant, resolution = 'corrigee', plateforme_id = coalesce(q.plateforme_id, a.plateforme_id)
FROM pdp.flux_fichier f, identite.assure a
WHERE q.resolue_at IS NULL AND f.id = q.fichier_id AND f.flux = 'assures' AND a.fichier_id <> q.fichier_id
  AND a.id_source = coalesce((SELECT c.actuel FROM id_courant c WHERE c.ancien = q.cle_ligne), q.cle_ligne)
  AND a.mis_a_jour_source_at >= q.version_ligne;

-- name: vider
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_assures, pg_temp.retenu_assures, pg_temp.echange, pg_temp.demenagement;
