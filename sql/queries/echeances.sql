-- The day each person falls due: the only way by which the mere passing of time enters the detection.

-- name: write_echeances
-- For the people touched, the first day ahead on which time alone changes something, with every cause of that day; no row when nothing is
-- ahead. Time changes something when an absence begins, reaches a threshold, nears J180, starts to meet a rule, or is over; when a count of
-- IJ meets a threshold or the cap, and the day after, since those days are written as "from the day of calculation on".
WITH absence_vivante AS (
    SELECT e.assure_id, e.debut, e.fin, e.motif_categorie, e.debut + cast(:minimum_j180 AS integer) - 1 AS j180_le,
        e.fin + cast(:tolerance AS integer) AS dernier_jour
    FROM personne_touchee AS t
    JOIN pdp.episode AS e ON e.assure_id = t.assure_id
    WHERE e.plateforme_id = :plateforme AND e.etat = 'courant' AND e.fin + cast(:tolerance AS integer) >= :jour
),
droits AS (
    SELECT d.assure_id, d.seuil_1_le, d.seuil_2_le, d.epuisement_le
    FROM personne_touchee AS t
    JOIN pdp.droits_ij AS d ON d.assure_id = t.assure_id
    WHERE d.plateforme_id = :plateforme
),
regle AS (
    SELECT *
    FROM jsonb_to_recordset(cast(:regles AS jsonb)) AS r (cle text, observation text, mini integer, maxi integer, motif_categorie text)
),
ligne (assure_id, le, cause) AS (
    SELECT assure_id, debut, 'debut_arret' FROM absence_vivante WHERE debut > :jour
    UNION ALL
    SELECT assure_id, dernier_jour + 1, 'fin_arret' FROM absence_vivante WHERE debut <= :jour
    UNION ALL
    SELECT a.assure_id, a.debut + p.minimum - 1, 'palier_' || p.palier
    FROM absence_vivante AS a
    CROSS JOIN unnest(cast(:paliers AS integer[]), cast(:minima AS integer[])) AS p (palier, minimum)
    WHERE a.debut <= :jour AND a.debut + p.minimum - 1 <= a.fin
    UNION ALL
    SELECT assure_id, j180_le - cast(:approche_max AS integer), 'j180_approche'
    FROM absence_vivante
    WHERE debut <= :jour AND j180_le - cast(:approche_max AS integer) <= dernier_jour
    UNION ALL
    SELECT a.assure_id, premier.jour, 'regle_' || r.cle
    FROM absence_vivante AS a
    CROSS JOIN regle AS r
    JOIN identite.assure AS i ON i.id = a.assure_id
    LEFT JOIN droits AS d ON d.assure_id = a.assure_id
    CROSS JOIN LATERAL (
        SELECT CASE r.observation
            WHEN 'duree_jours' THEN CASE WHEN a.debut + r.mini - 1 <= a.fin THEN a.debut + r.mini - 1 END
            WHEN 'jours_avant_j180' THEN a.j180_le - r.maxi
            WHEN 'jours_avant_epuisement' THEN d.epuisement_le - r.maxi
            WHEN 'jours_depuis_inaptitude' THEN (
                SELECT min(f.debut)
                FROM pdp.fait_dsn AS f
                WHERE f.assure_id = a.assure_id AND f.genre = 'fin_contrat' AND NOT f.annule AND f.debut >= a.debut
                    AND f.code = ANY(cast(:codes_inaptitude AS text[]))
            )
            -- a birthday of 29 February is kept on 1 March
            WHEN 'age' THEN (i.date_naissance + make_interval(years => r.mini))::date
                + (to_char(i.date_naissance, 'MMDD') = '0229' AND to_char(i.date_naissance + make_interval(years => r.mini), 'MMDD') = '0228')::integer
        END AS jour
    ) AS premier
    WHERE a.debut <= :jour AND premier.jour <= a.dernier_jour
        AND (r.motif_categorie IS NULL OR r.motif_categorie = a.motif_categorie)
    UNION ALL
    SELECT d.assure_id, greatest(s.le, cast(:jour AS date) + 1), s.cause
    FROM droits AS d
    CROSS JOIN LATERAL (
        VALUES (d.seuil_1_le, 'seuil_ij_270'), (d.seuil_2_le, 'seuil_ij_330'), (d.epuisement_le, 'epuisement_ij')
    ) AS s (le, cause)
    WHERE s.le IS NOT NULL
),
prochaine AS (
    SELECT DISTINCT ON (assure_id) assure_id, le, string_agg(cause, ',' ORDER BY cause COLLATE "C") AS cause
    FROM (SELECT DISTINCT assure_id, le, cause FROM ligne WHERE le > :jour) AS a_venir
    GROUP BY assure_id, le
    ORDER BY assure_id, le
),
efface AS (
    DELETE FROM pdp.echeance_detection AS e
    USING personne_touchee AS t
    WHERE e.assure_id = t.assure_id AND e.plateforme_id = :plateforme
        AND NOT EXISTS (SELECT 1 FROM prochaine AS p WHERE p.assure_id = e.assure_id)
    RETURNING 1
),
ecrit AS (
    INSERT INTO pdp.echeance_detection AS e (assure_id, plateforme_id, le, cause)
    SELECT assure_id, :plateforme, le, cause FROM prochaine
    ON CONFLICT (assure_id) DO UPDATE SET le = excluded.le, cause = excluded.cause
    WHERE (e.le, e.cause) IS DISTINCT FROM (excluded.le, excluded.cause)
    RETURNING 1
)
SELECT (SELECT count(*) FROM prochaine) AS echeances, (SELECT count(*) FROM ecrit) AS ecrites, (SELECT count(*) FROM efface) AS effacees;
