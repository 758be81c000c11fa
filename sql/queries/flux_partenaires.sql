-- name: creer
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_partenaires (
    numero integer NOT NULL, id_source text NOT NULL, type text NOT NULL, nom text NOT NULL, departements text[] NOT NULL,
    canal text NOT NULL, url text, courriel text, telephone text, delai_reponse_jours integer NOT NULL, actif_du date NOT NULL, actif_au date
) ON COMMIT DROP;

-- name: copier
-- Bulk path of the valid lines.
COPY lu_partenaires FROM STDIN;

-- name: analyser
-- Sizes for the planner.
ANALYZE lu_partenaires;

-- name: ecarter
-- Partners of departments that no platform serves leave for the quarantine.
DELETE FROM lu_partenaires l
WHERE NOT EXISTS (SELECT FROM pdp.plateforme p WHERE p.departement = ANY(l.departements))
RETURNING l.numero, 'departements' AS champ, 'departement_hors_plateforme' AS code, cast(NULL AS text) AS cle;

-- name: retenir
-- One row per platform served, from the last line of each partner, where something differs from what is known.
CREATE TEMP TABLE retenu_partenaires ON COMMIT DROP AS
SELECT d.*, p.id AS plateforme_id, a.id AS partenaire_id
FROM (SELECT DISTINCT ON (id_source) * FROM lu_partenaires ORDER BY id_source, numero DESC) d
JOIN pdp.plateforme p ON p.departement = ANY(d.departements)
LEFT JOIN pdp.partenaire a ON a.plateforme_id = p.id AND a.id_source = d.id_source
WHERE a.id IS NULL
   OR (d.type, d.nom, d.canal, d.url, d.courriel, d.telephone, d.delai_reponse_jours, d.actif_du, d.actif_au)
      IS DISTINCT FROM (a.type, a.nom, a.canal, a.url, a.courriel, a.telephone, a.delai_reponse_jours, a.actif_du, a.actif_au);

-- name: corriger
-- Known partners whose line changed.
UPDATE pdp.partenaire a
SET type = r.type, nom = r.nom, canal = r.canal, url = r.url, courriel = r.courriel, telephone = r.telephone,
    delai_reponse_jours = r.delai_reponse_jours, actif_du = r.actif_du, actif_au = r.actif_au
FROM retenu_partenaires r
WHERE a.id = r.partenaire_id;

-- name: inserer
-- Partners never seen on that platform.
INSERT INTO pdp.partenaire (plateforme_id, id_source, type, nom, canal, url, courriel, telephone, delai_reponse_jours, actif_du, actif_au)
SELECT plateforme_id, id_source, type, nom, canal, url, courriel, telephone, delai_reponse_jours, actif_du, actif_au
FROM retenu_partenaires
WHERE partenaire_id IS NULL
ORDER BY plateforme_id, id_source;

-- name: compter
-- Lines that changed something, whatever the number of platforms served.
SELECT count(DISTINCT numero) FROM retenu_partenaires;

-- name: vider
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_partenaires, pg_temp.retenu_partenaires;

-- name: fermer
-- A newer complete list says again everything that an older one said badly.
UPDATE identite.quarantaine q SET resolue_at = :maintenant, resolution = 'corrigee'
FROM pdp.flux_fichier f
WHERE q.resolue_at IS NULL AND f.id = q.fichier_id AND f.flux = 'partenaires'
  AND EXISTS (SELECT FROM pdp.flux_fichier s WHERE s.flux = 'partenaires' AND s.etat = 'charge' AND s.nom > f.nom);
