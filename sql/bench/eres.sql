-- Absences the way OHDSI builds eras: starts and ends as events in order, the end of an era where as many ended as began; tolerance added to ends.
-- It gives first and last day; covered days and rights are not what an era says.

-- name: drop_era
-- What a previous run left.
DROP TABLE IF EXISTS bench.era;

-- name: create_era
-- Eras of absence.
CREATE TABLE bench.era AS
WITH cible AS (
    SELECT assure_id, date_debut, date_fin
    FROM pdp.arret_prescrit
    WHERE plateforme_id = :plateforme AND NOT annule AND risque IN ('maladie', 'at', 'mp', 'trajet')
),
evenement AS (
    SELECT assure_id, date_debut AS jour, -1 AS sens, row_number() OVER (PARTITION BY assure_id ORDER BY date_debut) AS debut_rang FROM cible
    UNION ALL
    SELECT assure_id, date_fin + :tolerance + 1, 1, NULL FROM cible
),
ordonne AS (
    SELECT
        assure_id, jour, sens,
        max(debut_rang) OVER (PARTITION BY assure_id ORDER BY jour, sens ROWS UNBOUNDED PRECEDING) AS debuts,
        row_number() OVER (PARTITION BY assure_id ORDER BY jour, sens) AS rang
    FROM evenement
),
fin_era AS (
    SELECT assure_id, jour - :tolerance - 1 AS fin FROM ordonne WHERE 2 * debuts - rang = 0
),
par_arret AS (
    SELECT c.assure_id, c.date_debut, min(f.fin) AS fin
    FROM cible AS c
    JOIN fin_era AS f ON f.assure_id = c.assure_id AND f.fin >= c.date_debut
    GROUP BY c.assure_id, c.date_debut
)
SELECT assure_id, min(date_debut) AS debut, fin
FROM par_arret
GROUP BY assure_id, fin;

-- name: export_era
-- People by number, for the comparison.
SELECT ('x' || right(replace(assure_id::text, '-', ''), 12))::bit(48)::bigint AS personne, debut, fin FROM bench.era;
