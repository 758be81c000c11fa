-- The same work in PostgreSQL alone: the window functions that the platform used before its columnar kernel, for everybody.

-- name: create_schema
-- Results live apart.
CREATE SCHEMA IF NOT EXISTS bench;

-- name: drop_tables
-- What a previous run left.
DROP TABLE IF EXISTS bench.episode, bench.segment_ij, bench.jour_ij, bench.ij_consommee, bench.droit;

-- name: create_episode
-- Sorted prescriptions, cut where more than the tolerance is uncovered; every column of an absence.
CREATE TABLE bench.episode AS
WITH prescription AS (
    SELECT
        a.*,
        max(a.date_fin) OVER (
            PARTITION BY a.assure_id ORDER BY a.date_debut, a.id_avis COLLATE "C" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS couvert_jusqu_au
    FROM pdp.arret_prescrit AS a
    WHERE a.plateforme_id = :plateforme AND NOT a.annule AND a.risque IN ('maladie', 'at', 'mp', 'trajet')
),
numerotee AS (
    SELECT
        *,
        count(*) FILTER (WHERE couvert_jusqu_au IS NULL OR date_debut - couvert_jusqu_au - 1 > :tolerance)
            OVER (PARTITION BY assure_id ORDER BY date_debut, id_avis COLLATE "C") AS rang,
        greatest(0, date_fin - greatest(date_debut, couvert_jusqu_au + 1) + 1) AS jours_nouveaux
    FROM prescription
)
SELECT
    assure_id,
    min(date_debut) AS debut,
    max(date_fin) AS fin,
    sum(jours_nouveaux)::integer AS jours_prescrits,
    count(*)::integer AS nb_prescriptions,
    (array_agg(id_avis ORDER BY date_debut, id_avis COLLATE "C"))[1] AS premiere_prescription,
    (array_agg(risque ORDER BY date_debut, id_avis COLLATE "C"))[1] AS risque,
    min(risque) <> max(risque) AS risque_mixte,
    coalesce(
        (array_agg(motif_categorie ORDER BY date_debut DESC, id_avis COLLATE "C" DESC) FILTER (WHERE motif_categorie <> 'non_renseigne'))[1],
        'non_renseigne'
    ) AS motif_categorie,
    bool_or(ald) AS ald,
    coalesce(max(date_fin) FILTER (WHERE NOT temps_partiel) < max(date_fin), true) AS temps_partiel,
    max(connu_at) AS connu_at
FROM numerotee
GROUP BY assure_id, rang;

-- name: create_segment_ij
-- Runs of days that carry an IJ once the carence is off, before the cap, L.324-1 left apart; `rang` = order of the first day.
CREATE TABLE bench.segment_ij AS
WITH borne AS (
    SELECT
        a.assure_id,
        b.jour,
        sum(b.pas) AS pas,
        sum(b.pas) FILTER (WHERE NOT a.ald) AS pas_hors_ald,
        count(*) FILTER (WHERE b.pas = 1) AS debuts,
        count(*) FILTER (WHERE b.pas = 1 AND a.nature = 'initiale') AS initiales
    FROM pdp.arret_prescrit AS a
    CROSS JOIN LATERAL (VALUES (a.date_debut, 1), (a.date_fin + 1, -1)) AS b (jour, pas)
    WHERE a.plateforme_id = :plateforme AND NOT a.annule AND a.risque = 'maladie'
    GROUP BY a.assure_id, b.jour
),
balaye AS (
    SELECT
        assure_id,
        jour AS debut,
        lead(jour) OVER (PARTITION BY assure_id ORDER BY jour) - 1 AS fin,
        sum(pas) OVER (PARTITION BY assure_id ORDER BY jour) AS couvrent,
        sum(pas_hors_ald) OVER (PARTITION BY assure_id ORDER BY jour) AS couvrent_hors_ald,
        debuts,
        initiales
    FROM borne
),
couvert AS (
    SELECT *, lag(fin) OVER (PARTITION BY assure_id ORDER BY debut) AS precedent
    FROM balaye
    WHERE couvrent > 0
),
enchaine AS (
    SELECT
        assure_id, debut, fin, coalesce(couvrent_hors_ald, 0) = 0 AS ald,
        count(*) FILTER (
            WHERE precedent IS NULL OR debut - precedent - 1 > :reprise OR (couvrent = debuts AND debuts = initiales)
        ) OVER (PARTITION BY assure_id ORDER BY debut) AS chaine
    FROM couvert
),
compte AS (
    SELECT
        *,
        coalesce(sum(fin - debut + 1) OVER (
            PARTITION BY assure_id, chaine ORDER BY debut ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0)::integer AS jours_avant
    FROM enchaine
),
indemnise AS (
    SELECT assure_id, debut + greatest(0, :carence - jours_avant) AS debut, fin
    FROM compte
    WHERE NOT ald AND debut + greatest(0, :carence - jours_avant) <= fin
)
SELECT
    assure_id, debut, fin,
    1 + coalesce(sum(fin - debut + 1) OVER (
        PARTITION BY assure_id ORDER BY debut ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0)::integer AS rang
FROM indemnise;

-- name: create_jour_ij
-- The same day by day, for those who had enough of them to meet the cap.
CREATE TABLE bench.jour_ij AS
SELECT s.assure_id, s.debut + j.n AS jour, s.rang + j.n AS rang
FROM bench.segment_ij AS s
JOIN (SELECT assure_id FROM bench.segment_ij GROUP BY assure_id HAVING sum(fin - debut + 1) >= :plafond) AS longue USING (assure_id)
CROSS JOIN LATERAL generate_series(0, s.fin - s.debut) AS j (n);

-- name: index_jour_ij
-- The cap below looks days up by date.
CREATE UNIQUE INDEX ON bench.jour_ij (assure_id, jour) INCLUDE (rang);

-- name: index_jour_ij_rang
-- And by order.
CREATE UNIQUE INDEX ON bench.jour_ij (assure_id, rang) INCLUDE (jour);

-- name: analyze_jour_ij
-- Without figures the planner would take it for a small one.
ANALYZE bench.jour_ij;

-- name: create_ij_consommee
-- Days that enter the count: the n-th IJ waits until the (n - cap)-th has left the window, block of `cap` days after block.
CREATE TABLE bench.ij_consommee AS
WITH RECURSIVE bloc (assure_id, n, rang, jour) AS (
    SELECT assure_id, rang, rang, jour
    FROM bench.jour_ij
    WHERE rang <= :plafond
    UNION ALL
    SELECT suite.assure_id, suite.n, suite.rang, j.jour
    FROM (
        SELECT
            b.assure_id,
            b.n + :plafond AS n,
            (b.n + :plafond + greatest(
                max(libre.rang - b.n - :plafond) OVER (PARTITION BY b.assure_id ORDER BY b.n),
                max(b.rang - b.n) OVER (PARTITION BY b.assure_id)
            ))::integer AS rang,
            libre.rang AS libre
        FROM bloc AS b
        JOIN (SELECT assure_id FROM bench.jour_ij WHERE rang = :plafond + 1) AS long USING (assure_id)
        LEFT JOIN LATERAL (
            SELECT f.rang
            FROM bench.jour_ij AS f
            WHERE f.assure_id = b.assure_id AND f.jour >= (b.jour + make_interval(years => :fenetre))::date
                + (extract(day FROM b.jour + make_interval(years => :fenetre)) <> extract(day FROM b.jour))::integer
            ORDER BY f.jour
            LIMIT 1
        ) AS libre ON true
    ) AS suite
    JOIN bench.jour_ij AS j ON j.assure_id = suite.assure_id AND j.rang = suite.rang
    WHERE suite.libre IS NOT NULL
)
SELECT assure_id, n, jour FROM bloc;

-- name: index_ij_consommee
-- IJ in a window = order of the last day in it minus order of the last day before it.
CREATE UNIQUE INDEX ON bench.ij_consommee (assure_id, jour) INCLUDE (n);

-- name: analyze_ij_consommee
-- Without figures the planner would take it for a small one.
ANALYZE bench.ij_consommee;

-- name: create_droit
-- IJ used on the day, and the first day from then on when a prescribed arrêt meets the cap.
CREATE TABLE bench.droit AS
WITH avant_plafond AS (
    SELECT assure_id, sum(greatest(0, least(fin, cast(:jour AS date)) - greatest(debut, cast(:depuis AS date)) + 1))::integer AS utilisees
    FROM bench.segment_ij
    GROUP BY assure_id
),
apres_plafond AS (
    SELECT assure_id, count(*) FILTER (WHERE jour BETWEEN cast(:depuis AS date) AND cast(:jour AS date))::integer AS utilisees
    FROM bench.ij_consommee
    GROUP BY assure_id
),
epuise AS (
    SELECT j.assure_id, min(j.jour) AS le
    FROM bench.jour_ij AS j
    CROSS JOIN LATERAL (
        SELECT
            (SELECT c.n FROM bench.ij_consommee AS c WHERE c.assure_id = j.assure_id AND c.jour <= j.jour ORDER BY c.jour DESC LIMIT 1)
            - coalesce((
                SELECT c.n
                FROM bench.ij_consommee AS c
                WHERE c.assure_id = j.assure_id AND c.jour <= (j.jour - make_interval(years => :fenetre))::date
                ORDER BY c.jour DESC
                LIMIT 1
            ), 0) AS utilisees
    ) AS fenetre
    WHERE j.jour >= cast(:jour AS date) AND j.rang >= :plafond AND fenetre.utilisees >= :plafond
    GROUP BY j.assure_id
)
SELECT avant.assure_id, coalesce(apres.utilisees, avant.utilisees) AS ij, epuise.le AS epuisement
FROM avant_plafond AS avant
LEFT JOIN apres_plafond AS apres USING (assure_id)
LEFT JOIN epuise USING (assure_id);

-- name: export_episodes
-- People by number, for the comparison.
SELECT ('x' || right(replace(assure_id::text, '-', ''), 12))::bit(48)::bigint AS personne, debut, fin, jours_prescrits AS jours FROM bench.episode;

-- name: export_droits
-- People by number, for the comparison.
SELECT ('x' || right(replace(assure_id::text, '-', ''), 12))::bit(48)::bigint AS personne, ij, epuisement FROM bench.droit;

-- name: export_episodes_produit
-- The platform's own table, in the same shape.
SELECT ('x' || right(replace(assure_id::text, '-', ''), 12))::bit(48)::bigint AS personne, debut, fin, jours_prescrits AS jours
FROM pdp.episode
WHERE etat = 'courant';

-- name: export_droits_produit
-- The platform's own table, counted on the day.
SELECT ('x' || right(replace(assure_id::text, '-', ''), 12))::bit(48)::bigint AS personne,
    pdp.jours_comptes(comptees, cast(:jour AS date), :fenetre) AS ij, epuisement_le AS epuisement
FROM pdp.droits_ij;
