-- name: find_publication
-- Whether the evaluators' tables were ever published.
SELECT to_regclass('evaluation.publication') IS NOT NULL AS existe;

-- name: list_publications
-- Published tables with what their publication says of them.
SELECT p.table_nom, p.publie_at, p.lignes, p.cases_supprimees, p.empreinte, p.instant_metier
FROM evaluation.publication p
ORDER BY p.table_nom;

-- name: list_colonnes
-- Every column the signed-in role may read in the schema of the evaluators, with the comments that are the data dictionary.
SELECT c.relname AS table_nom, obj_description(c.oid, 'pg_class') AS table_sens, a.attname AS colonne,
       format_type(a.atttypid, a.atttypmod) AS type, col_description(c.oid, a.attnum) AS sens,
       array_position(k.indkey::smallint[], a.attnum) AS rang_cle
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisprimary
WHERE n.nspname = 'evaluation' AND c.relkind IN ('r', 'v', 'm', 'p') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY c.relname, a.attnum;
