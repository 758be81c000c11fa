-- DuckDB between two COPY: rows out of the database, results back into it.

-- name: drop_tables
-- What a previous run left.
DROP TABLE IF EXISTS bench.episode_copie, bench.droit_copie;

-- name: create_episode
-- Plain table of results.
CREATE TABLE bench.episode_copie (assure_id uuid, debut date, fin date, jours integer);

-- name: create_droit
-- Plain table of results.
CREATE TABLE bench.droit_copie (assure_id uuid, ij integer, epuisement date);

-- name: read_arrets
-- Lines that count.
SELECT assure_id AS personne, id_avis AS avis, date_debut AS debut, date_fin AS fin, nature = 'initiale' AS initiale, risque, ald
FROM pdp.arret_prescrit
WHERE NOT annule;

-- name: export_episodes
-- People by number, for the comparison.
SELECT ('x' || right(replace(assure_id::text, '-', ''), 12))::bit(48)::bigint AS personne, debut, fin, jours FROM bench.episode_copie;

-- name: export_droits
-- People by number, for the comparison.
SELECT ('x' || right(replace(assure_id::text, '-', ''), 12))::bit(48)::bigint AS personne, ij, epuisement FROM bench.droit_copie;
