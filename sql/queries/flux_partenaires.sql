-- name: creer
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_partenaires (
    numero integer NOT NULL, id_source text NOT NULL, type text NOT NULL, nom text NOT NULL, departements text[] NOT NULL,
    canal text NOT NULL, url text, courriel text, telephone text, delai_reponse_jours integer NOT NULL, actif_du date NOT NULL, actif_au date,
    adresse_securisee text, zones text[], identifiants_spst text[]
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
-- One row per platform served, from the last line of each partner, where the list says something else than last time.
-- Zones are those of the department of the platform; a file without the optional columns leaves what was said of them.
CREATE TEMP TABLE retenu_partenaires ON COMMIT DROP AS
SELECT d.numero, d.id_source, d.type, d.nom, d.canal, d.url, d.courriel, d.telephone, d.delai_reponse_jours, d.actif_du, d.actif_au,
    v.adresse_securisee, v.annonce, p.id AS plateforme_id, a.id AS partenaire_id, a.configure_at IS NOT NULL AS configure
FROM (SELECT DISTINCT ON (id_source) * FROM lu_partenaires ORDER BY id_source, numero DESC) d
JOIN pdp.plateforme p ON p.departement = ANY(d.departements)
LEFT JOIN pdp.partenaire a ON a.plateforme_id = p.id AND a.id_source = d.id_source
CROSS JOIN LATERAL (
    SELECT coalesce(a.annonce, '{}')
        || jsonb_build_object('canal', d.canal, 'url', d.url, 'courriel', d.courriel, 'telephone', d.telephone,
            'delai_reponse_jours', d.delai_reponse_jours)
        || CASE WHEN d.zones IS NULL THEN '{}' ELSE jsonb_build_object(
            'adresse_securisee', d.adresse_securisee, 'spst', to_jsonb(d.identifiants_spst),
            'zones', (SELECT coalesce(jsonb_agg(z ORDER BY z), '[]') FROM unnest(d.zones) AS z WHERE starts_with(z, p.departement))) END AS annonce
) n
CROSS JOIN LATERAL (SELECT n.annonce, n.annonce ->> 'adresse_securisee' AS adresse_securisee) v
WHERE a.id IS NULL OR n.annonce IS DISTINCT FROM a.annonce OR (d.type, d.nom, d.actif_du, d.actif_au) IS DISTINCT FROM (a.type, a.nom, a.actif_du, a.actif_au);

-- name: corriger
-- Facts of the directory always; the configuration until a person touched it, and what the list says is kept beside it.
UPDATE pdp.partenaire a
SET type = r.type, nom = r.nom, actif_du = r.actif_du, actif_au = r.actif_au, annonce = r.annonce,
    canal = CASE WHEN r.configure THEN a.canal ELSE r.canal END,
    url = CASE WHEN r.configure THEN a.url ELSE r.url END,
    courriel = CASE WHEN r.configure THEN a.courriel ELSE r.courriel END,
    adresse_securisee = CASE WHEN r.configure THEN a.adresse_securisee ELSE r.adresse_securisee END,
    telephone = CASE WHEN r.configure THEN a.telephone ELSE r.telephone END,
    delai_reponse_jours = CASE WHEN r.configure THEN a.delai_reponse_jours ELSE r.delai_reponse_jours END
FROM retenu_partenaires r
WHERE a.id = r.partenaire_id;

-- name: inserer
-- Partners never seen on that platform.
INSERT INTO pdp.partenaire (plateforme_id, id_source, type, nom, canal, url, courriel, adresse_securisee, telephone, delai_reponse_jours, actif_du,
    actif_au, annonce)
SELECT plateforme_id, id_source, type, nom, canal, url, courriel, adresse_securisee, telephone, delai_reponse_jours, actif_du, actif_au, annonce
FROM retenu_partenaires
WHERE partenaire_id IS NULL
ORDER BY plateforme_id, id_source;

-- name: ne_plus_desservir
-- Zones and identifiers that the list no longer gives, where nobody configured.
UPDATE pdp.partenaire_desserte d
SET retire_at = greatest(cast(:maintenant AS timestamptz), d.depuis_at)
FROM retenu_partenaires r JOIN pdp.partenaire a ON a.plateforme_id = r.plateforme_id AND a.id_source = r.id_source
WHERE d.partenaire_id = a.id AND d.retire_at IS NULL AND a.configure_at IS NULL AND d.genre IN ('zone', 'spst')
  AND r.annonce ? 'zones' AND NOT (r.annonce -> (CASE d.genre WHEN 'zone' THEN 'zones' ELSE 'spst' END)) ? d.code;

-- name: desservir
-- Zones and identifiers that the list gives, where nobody configured.
INSERT INTO pdp.partenaire_desserte (plateforme_id, partenaire_id, genre, code, depuis_at)
SELECT a.plateforme_id, a.id, g.genre, g.code, :maintenant
FROM retenu_partenaires r
JOIN pdp.partenaire a ON a.plateforme_id = r.plateforme_id AND a.id_source = r.id_source
CROSS JOIN LATERAL (
    SELECT 'zone' AS genre, jsonb_array_elements_text(r.annonce -> 'zones') AS code
    UNION SELECT 'spst', jsonb_array_elements_text(r.annonce -> 'spst')
) g
WHERE a.configure_at IS NULL AND r.annonce ? 'zones'
ORDER BY a.id, g.genre, g.code
ON CONFLICT (partenaire_id, genre, code) WHERE retire_at IS NULL DO NOTHING;

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
