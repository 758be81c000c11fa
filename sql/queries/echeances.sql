-- The day each person falls due: the only way by which the mere passing of time enters the detection.

-- name: write_echeances
-- For the people touched, the first day ahead on which time alone changes something, with every cause of that day; no row when nothing is
-- ahead. Time changes something when an absence begins, reaches a threshold, nears J180, starts to meet a rule, or is over; when the
-- person may be contacted again; when a count of
-- IJ meets a threshold or the cap, and the day after, since those days are written as "from the day of calculation on".
WITH vivante AS (
    SELECT assure_id, debut, fin, motif_categorie, j180_le, date_naissance, epuisement_le, inaptitude_le, fin + cast(:tolerance AS integer) AS dernier_jour
    FROM absence
    WHERE en_cours
),
regle AS (
    SELECT *
    FROM jsonb_to_recordset(cast(:regles AS jsonb)) AS r (cle text, observation text, mini integer, maxi integer, motif_categorie text)
),
ligne (assure_id, le, cause) AS (
    SELECT assure_id, debut, 'debut_arret' FROM episode_regarde WHERE debut > :jour
    UNION ALL
    SELECT assure_id, dernier_jour + 1, 'fin_arret' FROM vivante
    UNION ALL
    SELECT v.assure_id, s.au + 1, 'fin_silence'
    FROM vivante AS v
    JOIN pdp.mise_en_silence AS s ON s.assure_id = v.assure_id AND s.levee_at IS NULL
    WHERE s.au < v.dernier_jour
    UNION ALL
    SELECT v.assure_id, v.debut + p.minimum - 1, 'palier_' || p.palier
    FROM vivante AS v
    CROSS JOIN unnest(cast(:paliers AS integer[]), cast(:minima AS integer[])) AS p (palier, minimum)
    WHERE v.debut + p.minimum - 1 <= v.fin
    UNION ALL
    SELECT assure_id, j180_le - cast(:approche_max AS integer), 'j180_approche'
    FROM vivante
    WHERE j180_le - cast(:approche_max AS integer) <= dernier_jour
    UNION ALL
    SELECT v.assure_id, premier.jour, 'regle_' || r.cle
    FROM vivante AS v
    CROSS JOIN regle AS r
    CROSS JOIN LATERAL (
        SELECT CASE r.observation
            WHEN 'duree_jours' THEN CASE WHEN v.debut + r.mini - 1 <= v.fin THEN v.debut + r.mini - 1 END
            WHEN 'jours_avant_j180' THEN v.j180_le - r.maxi
            WHEN 'jours_avant_epuisement' THEN v.epuisement_le - r.maxi
            WHEN 'jours_depuis_inaptitude' THEN v.inaptitude_le
            -- a birthday of 29 February is kept on 1 March
            WHEN 'age' THEN (v.date_naissance + make_interval(years => r.mini))::date
                + (to_char(v.date_naissance, 'MMDD') = '0229' AND to_char(v.date_naissance + make_interval(years => r.mini), 'MMDD') = '0228')::integer
        END AS jour
    ) AS premier
    WHERE premier.jour BETWEEN cast(:jour AS date) + 1 AND v.dernier_jour
        AND (r.motif_categorie IS NULL OR r.motif_categorie = v.motif_categorie)
    UNION ALL
    SELECT d.assure_id, greatest(s.le, cast(:jour AS date) + 1), s.cause
    FROM personne_touchee AS t
    CROSS JOIN LATERAL (
        SELECT x.assure_id, x.seuil_1_le, x.seuil_2_le, x.epuisement_le
        FROM pdp.droits_ij AS x
        WHERE x.assure_id = t.assure_id AND x.plateforme_id = :plateforme
            -- the few rights with a day ahead have an index of their own
            AND (x.seuil_1_le IS NOT NULL OR x.seuil_2_le IS NOT NULL OR x.epuisement_le IS NOT NULL)
        OFFSET 0
    ) AS d
    CROSS JOIN LATERAL (
        VALUES (d.seuil_1_le, 'seuil_ij_270'), (d.seuil_2_le, 'seuil_ij_330'), (d.epuisement_le, 'epuisement_ij')
    ) AS s (le, cause)
    WHERE s.le IS NOT NULL
    UNION ALL
    -- a count above the threshold before the absence alerts on its first IJ
    SELECT a.assure_id, premiere.jour, 'premiere_ij'
    FROM absence AS a
    CROSS JOIN LATERAL (SELECT x.comptees, x.refusees FROM pdp.droits_ij AS x WHERE x.assure_id = a.assure_id OFFSET 0) AS d
    CROSS JOIN LATERAL (
        SELECT lower((d.comptees + d.refusees) * datemultirange(daterange(a.debut, a.fin, '[]'))) AS jour
    ) AS premiere
    WHERE a.en_cours AND a.parcours_id IS NOT NULL AND premiere.jour > cast(:jour AS date)
),
prochaine AS (
    SELECT DISTINCT ON (assure_id) assure_id, le, string_agg(cause, ',' ORDER BY cause COLLATE "C") AS cause
    FROM (SELECT DISTINCT assure_id, le, cause FROM ligne WHERE le > :jour) AS a_venir
    GROUP BY assure_id, le
    ORDER BY assure_id, le
),
efface AS (
    DELETE FROM pdp.echeance_detection AS e
    WHERE e.plateforme_id = :plateforme
        AND e.assure_id = ANY(ARRAY(SELECT assure_id FROM personne_touchee EXCEPT SELECT assure_id FROM prochaine))
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
