-- IJ of illness over the rolling years, in set-based form. Oracle: domain/droits_ij.py, whose rule numbers are quoted here.

-- name: drop_segment_ij
-- Work table of a previous count in the same transaction.
DROP TABLE IF EXISTS pg_temp.segment_ij;

-- name: drop_jour_ij
-- Work table of a previous count in the same transaction.
DROP TABLE IF EXISTS pg_temp.jour_ij;

-- name: drop_ij_consommee
-- Work table of a previous count in the same transaction.
DROP TABLE IF EXISTS pg_temp.ij_consommee;

-- name: drop_personne_comptee
-- Work table of a previous count in the same transaction.
DROP TABLE IF EXISTS pg_temp.personne_comptee;

-- name: create_personne_comptee
-- Who is counted: people with an arrêt running on the day or an open parcours, and those whose last count is older than their last fact.
CREATE TEMPORARY TABLE personne_comptee ON COMMIT DROP AS
SELECT assure_id
FROM pdp.episode
WHERE plateforme_id = :plateforme AND etat = 'courant' AND debut <= :jour AND fin >= cast(:jour AS date) - cast(:tolerance AS integer)
UNION
SELECT assure_id
FROM pdp.parcours
WHERE plateforme_id = :plateforme AND clos_at IS NULL
UNION
SELECT c.assure_id
FROM pdp.compteur_ij AS c
WHERE c.plateforme_id = :plateforme
    AND EXISTS (SELECT 1 FROM pdp.arret_prescrit AS a WHERE a.assure_id = c.assure_id AND a.connu_at > c.calcule_at);

-- name: analyze_personne_comptee
-- Without figures the planner would take the work table for a small one.
ANALYZE personne_comptee;

-- name: create_segment_ij
-- Runs of days that carry an IJ once the carence is off, before the cap, L.324-1 left apart; `rang` = order of the first day (rules 1 to 4).
-- Days are not unrolled: prescriptions are swept by the days on which something begins or ends.
CREATE TEMPORARY TABLE segment_ij ON COMMIT DROP AS
WITH borne AS (
    SELECT
        a.assure_id,
        b.jour,
        sum(b.pas) AS pas,
        sum(b.pas) FILTER (WHERE NOT a.ald) AS pas_hors_ald,
        count(*) FILTER (WHERE b.pas = 1) AS debuts,
        count(*) FILTER (WHERE b.pas = 1 AND a.nature = 'initiale') AS initiales
    FROM pdp.arret_prescrit AS a
    JOIN personne_comptee USING (assure_id)
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
-- the law of the day of the resumption, then of the first day of the chain
enchaine AS (
    SELECT
        s.assure_id, s.debut, s.fin, coalesce(s.couvrent_hors_ald, 0) = 0 AS ald,
        count(*) FILTER (
            WHERE s.precedent IS NULL OR s.debut - s.precedent - 1 > r.valeur
                OR (s.couvrent = s.debuts AND s.debuts = s.initiales)
        ) OVER (PARTITION BY s.assure_id ORDER BY s.debut) AS chaine
    FROM couvert AS s
    LEFT JOIN jsonb_to_recordset(cast(:reprises_sans_carence AS jsonb)) AS r (du date, au date, valeur integer) ON s.debut BETWEEN r.du AND r.au
),
compte AS (
    SELECT
        *,
        coalesce(sum(fin - debut + 1) OVER (
            PARTITION BY assure_id, chaine ORDER BY debut ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0)::integer AS jours_avant,
        min(debut) OVER (PARTITION BY assure_id, chaine) AS debut_chaine
    FROM enchaine
),
indemnise AS (
    SELECT c.assure_id, c.debut + greatest(0, d.valeur - c.jours_avant) AS debut, c.fin
    FROM compte AS c
    JOIN jsonb_to_recordset(cast(:carences AS jsonb)) AS d (du date, au date, valeur integer) ON c.debut_chaine BETWEEN d.du AND d.au
    WHERE NOT c.ald AND c.debut + greatest(0, d.valeur - c.jours_avant) <= c.fin
)
SELECT
    assure_id, debut, fin,
    1 + coalesce(sum(fin - debut + 1) OVER (
        PARTITION BY assure_id ORDER BY debut ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), 0)::integer AS rang
FROM indemnise;

-- name: analyze_segment_ij
-- Without figures the planner would take the work table for a small one.
ANALYZE segment_ij;

-- name: create_jour_ij
-- The same day by day, for the few who had enough of them in their life to meet the cap or an alert.
CREATE TEMPORARY TABLE jour_ij ON COMMIT DROP AS
SELECT s.assure_id, s.debut + j.n AS jour, s.rang + j.n AS rang
FROM segment_ij AS s
JOIN (SELECT assure_id FROM segment_ij GROUP BY assure_id HAVING sum(fin - debut + 1) >= :jours_utiles) AS longue USING (assure_id)
CROSS JOIN LATERAL generate_series(0, s.fin - s.debut) AS j (n);

-- name: index_jour_ij
-- The cap below looks days up by date.
CREATE UNIQUE INDEX ON jour_ij (assure_id, jour) INCLUDE (rang);

-- name: index_jour_ij_rang
-- And by order.
CREATE UNIQUE INDEX ON jour_ij (assure_id, rang) INCLUDE (jour);

-- name: analyze_jour_ij
-- Without figures the planner would take the work table for a small one.
ANALYZE jour_ij;

-- name: create_ij_consommee
-- Days that enter the count once the cap has stopped some (rule 5); L.324-1 stays apart.
-- The n-th IJ is the first day after the (n-1)-th from which the (n - cap)-th has left the window. So the n-th has rank
-- max(rank of the previous + 1, first rank after the exit of n - cap): a running maximum inside each block of `cap` days, block after block.
CREATE TEMPORARY TABLE ij_consommee ON COMMIT DROP AS
WITH RECURSIVE bloc (assure_id, n, rang, jour) AS (
    SELECT assure_id, rang, rang, jour
    FROM jour_ij
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
        JOIN (SELECT assure_id FROM jour_ij WHERE rang = :plafond + 1) AS long USING (assure_id)
        LEFT JOIN LATERAL (
            -- 29 February leaves the window on 1 March of a common year: interval arithmetic would say 28 February
            SELECT f.rang
            FROM jour_ij AS f
            WHERE f.assure_id = b.assure_id AND f.jour >= (b.jour + make_interval(years => :fenetre))::date
                + (extract(day FROM b.jour + make_interval(years => :fenetre)) <> extract(day FROM b.jour))::integer
            ORDER BY f.jour
            LIMIT 1
        ) AS libre ON true
    ) AS suite
    JOIN jour_ij AS j ON j.assure_id = suite.assure_id AND j.rang = suite.rang
    WHERE suite.libre IS NOT NULL
)
SELECT assure_id, n, jour FROM bloc;

-- name: index_ij_consommee
-- IJ in a window = order of the last day in it minus order of the last day before it.
CREATE UNIQUE INDEX ON ij_consommee (assure_id, jour) INCLUDE (n);

-- name: analyze_ij_consommee
-- Without figures the planner would take the work table for a small one.
ANALYZE ij_consommee;

-- name: upsert_compteurs
-- Count of each person on the day, and the first day from then on when a prescribed arrêt meets the cap; unchanged rows are not written.
WITH fenetre AS (
    SELECT cast(cast(:jour AS date) - make_interval(years => :fenetre) AS date) + 1 AS du
),
avant_plafond AS (
    SELECT s.assure_id, sum(greatest(0, least(s.fin, :jour) - greatest(s.debut, f.du) + 1))::integer AS utilisees
    FROM segment_ij AS s
    CROSS JOIN fenetre AS f
    GROUP BY s.assure_id
),
apres_plafond AS (
    SELECT c.assure_id, count(*) FILTER (WHERE c.jour BETWEEN f.du AND :jour)::integer AS utilisees
    FROM ij_consommee AS c
    CROSS JOIN fenetre AS f
    GROUP BY c.assure_id
),
utilise AS (
    SELECT p.assure_id, coalesce(apres.utilisees, avant.utilisees, 0) AS utilisees
    FROM personne_comptee AS p
    LEFT JOIN avant_plafond AS avant USING (assure_id)
    LEFT JOIN apres_plafond AS apres USING (assure_id)
),
epuise AS (
    SELECT j.assure_id, min(j.jour) AS le
    FROM jour_ij AS j
    CROSS JOIN LATERAL (
        SELECT
            (SELECT c.n FROM ij_consommee AS c WHERE c.assure_id = j.assure_id AND c.jour <= j.jour ORDER BY c.jour DESC LIMIT 1)
            - coalesce((
                SELECT c.n
                FROM ij_consommee AS c
                WHERE c.assure_id = j.assure_id AND c.jour <= (j.jour - make_interval(years => :fenetre))::date
                ORDER BY c.jour DESC
                LIMIT 1
            ), 0) AS utilisees
    ) AS fenetre
    WHERE j.jour >= :jour AND j.rang >= :plafond AND fenetre.utilisees >= :plafond
    GROUP BY j.assure_id
),
ecrit AS (
    INSERT INTO pdp.compteur_ij AS c (assure_id, plateforme_id, au, ij_utilisees, ij_restantes, epuisement_projete_le, parametre_id, calcule_at)
    SELECT u.assure_id, :plateforme, :jour, u.utilisees, greatest(0, :plafond - u.utilisees), e.le, :parametre_plafond, :maintenant
    FROM utilise AS u
    LEFT JOIN epuise AS e USING (assure_id)
    ON CONFLICT (assure_id) DO UPDATE SET
        plateforme_id = excluded.plateforme_id, au = excluded.au, ij_utilisees = excluded.ij_utilisees, ij_restantes = excluded.ij_restantes,
        epuisement_projete_le = excluded.epuisement_projete_le, parametre_id = excluded.parametre_id, calcule_at = excluded.calcule_at
    WHERE (c.au, c.ij_utilisees, c.ij_restantes, c.epuisement_projete_le, c.parametre_id)
        IS DISTINCT FROM (excluded.au, excluded.ij_utilisees, excluded.ij_restantes, excluded.epuisement_projete_le, excluded.parametre_id)
    RETURNING 1
)
SELECT (SELECT count(*) FROM personne_comptee) AS personnes, count(*) AS ecrits
FROM ecrit;
