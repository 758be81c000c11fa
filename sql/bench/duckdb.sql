-- The same work in DuckDB. Settings are variables of the session: tolerance, carence, reprise, plafond, fenetre, jour.

-- name: create_prescription
-- Lines that count.
CREATE TABLE prescription AS SELECT * FROM read_parquet($chemin) WHERE NOT annule;

-- name: create_prescription_csv
-- The same, from the rows that the database gave.
CREATE TABLE prescription AS SELECT * FROM read_csv($chemin, header = true, columns = {
    'personne': 'UUID', 'avis': 'VARCHAR', 'debut': 'DATE', 'fin': 'DATE', 'initiale': 'BOOLEAN', 'risque': 'VARCHAR', 'ald': 'BOOLEAN'
});

-- name: create_episode
-- Sorted prescriptions, cut where more than the tolerance is uncovered.
CREATE TABLE episode AS
WITH ordonnee AS (
    SELECT personne, avis, debut, fin,
        max(fin) OVER (PARTITION BY personne ORDER BY debut, avis ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS couvert
    FROM prescription
    WHERE risque IN ('maladie', 'at', 'mp', 'trajet')
),
numerotee AS (
    SELECT *,
        sum(CASE WHEN couvert IS NULL OR debut - couvert - 1 > getvariable('tolerance') THEN 1 ELSE 0 END)
            OVER (PARTITION BY personne ORDER BY debut, avis ROWS UNBOUNDED PRECEDING) AS rang,
        greatest(0, fin - greatest(debut, coalesce(couvert + 1, debut)) + 1) AS jours_nouveaux
    FROM ordonnee
)
SELECT personne, min(debut) AS debut, max(fin) AS fin, sum(jours_nouveaux)::INTEGER AS jours
FROM numerotee
GROUP BY personne, rang;

-- name: create_segment
-- Runs of days that carry an IJ once the carence is off, before the cap, L.324-1 left apart.
CREATE TABLE segment AS
WITH borne AS (
    SELECT personne, jour, sum(pas) AS pas, sum(CASE WHEN ald THEN 0 ELSE pas END) AS pas_hors_ald,
        count(*) FILTER (WHERE pas = 1) AS debuts, count(*) FILTER (WHERE pas = 1 AND initiale) AS initiales
    FROM (
        SELECT personne, debut AS jour, 1 AS pas, ald, initiale FROM prescription WHERE risque = 'maladie'
        UNION ALL
        SELECT personne, fin + 1, -1, ald, initiale FROM prescription WHERE risque = 'maladie'
    )
    GROUP BY personne, jour
),
balaye AS (
    SELECT personne, jour AS debut, lead(jour) OVER w - 1 AS fin, sum(pas) OVER w AS couvrent, sum(pas_hors_ald) OVER w AS couvrent_hors_ald,
        debuts, initiales
    FROM borne
    WINDOW w AS (PARTITION BY personne ORDER BY jour)
),
couvert AS (
    SELECT *, lag(fin) OVER (PARTITION BY personne ORDER BY debut) AS precedent FROM balaye WHERE couvrent > 0
),
enchaine AS (
    SELECT personne, debut, fin, couvrent_hors_ald = 0 AS ald,
        sum(CASE WHEN precedent IS NULL OR debut - precedent - 1 > getvariable('reprise') OR (couvrent = debuts AND debuts = initiales) THEN 1 ELSE 0 END)
            OVER (PARTITION BY personne ORDER BY debut) AS chaine
    FROM couvert
),
compte AS (
    SELECT *, coalesce(sum(fin - debut + 1) OVER (
        PARTITION BY personne, chaine ORDER BY debut ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0)::INTEGER AS jours_avant
    FROM enchaine
),
indemnise AS (
    SELECT personne, debut + greatest(0, getvariable('carence') - jours_avant)::INTEGER AS debut, fin
    FROM compte
    WHERE NOT ald AND debut + greatest(0, getvariable('carence') - jours_avant)::INTEGER <= fin
)
SELECT personne, debut, fin,
    1 + coalesce(sum(fin - debut + 1) OVER (PARTITION BY personne ORDER BY debut ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::INTEGER AS rang
FROM indemnise;

-- name: create_jour
-- Day by day, for those who had enough of them to meet the cap.
CREATE TABLE jour AS
SELECT s.personne, s.debut + n::INTEGER AS jour, s.rang + n::INTEGER AS rang
FROM segment AS s
JOIN (SELECT personne FROM segment GROUP BY personne HAVING sum(fin - debut + 1) >= getvariable('plafond')) USING (personne),
    LATERAL (SELECT unnest(range(s.fin - s.debut + 1)) AS n);

-- name: create_longue
-- People who have more days than the cap.
CREATE TABLE longue AS SELECT personne FROM jour WHERE rang = getvariable('plafond') + 1;

-- name: create_sortie
-- Rank of the first day from which each day has left the window; 29 February leaves it on 1 March of a common year.
CREATE TABLE sortie AS
SELECT j.personne, j.jour, f.rang AS libre
FROM (
    SELECT personne, jour,
        CAST(jour + to_years(getvariable('fenetre')) AS DATE)
            + CASE WHEN day(jour + to_years(getvariable('fenetre'))) <> day(jour) THEN 1 ELSE 0 END AS quitte
    FROM jour
    JOIN longue USING (personne)
) AS j
ASOF JOIN jour AS f ON f.personne = j.personne AND f.jour >= j.quitte;

-- name: create_consommee
-- Days that enter the count: block of `plafond` days after block, each n-th day waiting for the exit of the (n - plafond)-th.
CREATE TABLE consommee AS
WITH RECURSIVE bloc AS (
    SELECT personne, rang AS n, rang, jour FROM jour WHERE rang <= getvariable('plafond')
    UNION ALL
    SELECT suite.personne, suite.n, suite.rang, j.jour
    FROM (
        SELECT b.personne, b.n + getvariable('plafond') AS n,
            (b.n + getvariable('plafond') + greatest(
                max(s.libre - b.n - getvariable('plafond')) OVER (PARTITION BY b.personne ORDER BY b.n),
                max(b.rang - b.n) OVER (PARTITION BY b.personne)
            ))::INTEGER AS rang,
            s.libre
        FROM bloc AS b
        JOIN longue USING (personne)
        LEFT JOIN sortie AS s ON s.personne = b.personne AND s.jour = b.jour
    ) AS suite
    JOIN jour AS j ON j.personne = suite.personne AND j.rang = suite.rang
    WHERE suite.libre IS NOT NULL
)
SELECT personne, n, jour FROM bloc;

-- name: create_droit
-- IJ used on the day, and the first day from then on when a prescribed arrêt meets the cap.
CREATE TABLE droit AS
WITH avant AS (
    SELECT personne, sum(greatest(0, least(fin, getvariable('jour')) - greatest(debut, getvariable('depuis')) + 1))::INTEGER AS utilisees
    FROM segment
    GROUP BY personne
),
apres AS (
    SELECT personne, count(*) FILTER (WHERE jour BETWEEN getvariable('depuis') AND getvariable('jour'))::INTEGER AS utilisees
    FROM consommee
    GROUP BY personne
),
ouvert AS (SELECT personne, jour FROM jour WHERE jour >= getvariable('jour') AND rang >= getvariable('plafond')),
epuise AS (
    SELECT o.personne, min(o.jour) AS le
    FROM ouvert AS o
    ASOF LEFT JOIN consommee AS c ON c.personne = o.personne AND c.jour <= o.jour
    ASOF LEFT JOIN consommee AS a ON a.personne = o.personne AND a.jour <= CAST(o.jour - to_years(getvariable('fenetre')) AS DATE)
    WHERE c.n - coalesce(a.n, 0) >= getvariable('plafond')
    GROUP BY o.personne
)
SELECT personne, coalesce(apres.utilisees, avant.utilisees) AS ij, epuise.le AS epuisement
FROM avant
LEFT JOIN apres USING (personne)
LEFT JOIN epuise USING (personne);
