-- Alerts that follow from the counters, for people followed among those touched: end of IJ rights, approach of J180. One per absence and
-- kind, for ever; none for a dead person. Others are ranked by the same facts in the tri: an alert each would drown the médecin-conseil.
-- Nor is J180 an alert when it was already near on the day the file was oriented: it was one of the reasons read then, not news.

-- name: insert_alertes_ij
-- Counters that meet a threshold during the absence that runs: highest threshold only, dated on the first IJ day that met it.
WITH franchi AS (
    SELECT e.*, seuil.type, seuil.mini, seuil.parametre_id, franchissement.jour AS survenu_le
    FROM absence AS e
    CROSS JOIN LATERAL (SELECT x.comptees, x.refusees FROM pdp.droits_ij AS x WHERE x.assure_id = e.assure_id OFFSET 0) AS d
    CROSS JOIN LATERAL (
        SELECT t.type, t.mini, t.parametre_id
        FROM jsonb_to_recordset(cast(:seuils AS jsonb)) AS t (type text, mini integer, parametre_id text)
        WHERE t.mini <= e.ij_utilisees
        ORDER BY t.mini DESC
        LIMIT 1
    ) AS seuil
    CROSS JOIN LATERAL (
        SELECT j.jour::date AS jour
        FROM unnest((d.comptees + d.refusees) * datemultirange(daterange(e.debut, :jour, '[]'))) AS r
        CROSS JOIN generate_series(lower(r)::timestamp, (upper(r) - 1)::timestamp, interval '1 day') AS j (jour)
        WHERE pdp.jours_comptes(e.jours_comptes, j.jour::date, :fenetre) >= seuil.mini
        ORDER BY j.jour
        LIMIT 1
    ) AS franchissement
    WHERE e.en_cours AND e.parcours_id IS NOT NULL AND e.silence_motif IS DISTINCT FROM 'deces' AND coalesce(e.deces_le > :jour, true) AND NOT EXISTS (
        SELECT 1
        FROM pdp.alerte AS deja
        CROSS JOIN LATERAL ( -- the cause of these alerts is an absence, found by its id
            SELECT x.debut, x.fin
            FROM pdp.episode AS x
            WHERE x.id = CASE WHEN deja.cause ~ '^[0-9a-f-]{36}$' THEN cast(deja.cause AS uuid) END AND x.assure_id = e.assure_id
            OFFSET 0
        ) AS ancien
        WHERE deja.assure_id = e.assure_id AND ancien.debut <= e.fin AND e.debut <= ancien.fin
            -- an alert on a higher threshold said more: the count may fall below it as days leave the window
            AND deja.type IN (
                SELECT t.type FROM jsonb_to_recordset(cast(:seuils AS jsonb)) AS t (type text, mini integer) WHERE t.mini >= seuil.mini
            )
    )
),
nouvelle AS (
    INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at, echeance_le)
    SELECT
        :plateforme, f.assure_id, f.parcours_id, f.type, f.episode_id::text,
        replace(
            replace(cast(:phrase_ij AS text), '{utilisees}', f.ij_utilisees::text),
            '{restantes}', greatest(0, cast(:plafond AS integer) - f.ij_utilisees)::text
        ),
        jsonb_build_object(
            'episode_id', f.episode_id, 'ij_utilisees', f.ij_utilisees, 'ij_restantes', greatest(0, cast(:plafond AS integer) - f.ij_utilisees),
            'au', cast(:jour AS date), 'epuisement_projete_le', f.epuisement_le, 'seuil', f.mini, 'parametre_id', f.parametre_id
        ),
        f.survenu_le::timestamp AT TIME ZONE cast(:fuseau AS text), :maintenant, f.epuisement_le
    FROM franchi AS f
    ON CONFLICT DO NOTHING
    RETURNING id, assure_id, parcours_id, type
)
SELECT
    count(*) AS creees,
    journal.consigner_lot('alerte_ouverte', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id, 'parcours_id', parcours_id,
        'donnees', jsonb_build_object('alerte_id', id, 'type', type)
    )), '[]')) AS evenements
FROM nouvelle;

-- name: insert_alertes_j180
-- People in an open parcours whose absence came near J180 since the file was oriented.
WITH nouvelle AS (
    INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at, echeance_le)
    SELECT
        :plateforme, e.assure_id, e.parcours_id, 'j180_approche', e.episode_id::text,
        replace(replace(cast(:phrase_j180 AS text), '{jours}', e.jours_avant_j180::text), '{s}', CASE WHEN e.jours_avant_j180 > 1 THEN 's' ELSE '' END),
        jsonb_build_object(
            'episode_id', e.episode_id, 'jours_avant_j180', e.jours_avant_j180, 'duree_jours', e.duree_jours, 'au', cast(:jour AS date),
            'seuil', cast(:approche_max AS integer), 'parametre_id', cast(:approche_id AS text)
        ),
        greatest(e.debut, e.j180_le - cast(:approche_max AS integer))::timestamp AT TIME ZONE cast(:fuseau AS text),
        :maintenant,
        e.j180_le
    FROM absence AS e
    JOIN pdp.parcours AS suivi ON suivi.id = e.parcours_id
    WHERE e.en_cours AND e.parcours_id IS NOT NULL AND e.silence_motif IS DISTINCT FROM 'deces' AND coalesce(e.deces_le > :jour, true)
        AND e.jours_avant_j180 BETWEEN 1 AND cast(:approche_max AS integer)
        AND greatest(e.debut, e.j180_le - cast(:approche_max AS integer)) > (suivi.decide_at AT TIME ZONE cast(:fuseau AS text))::date
        AND NOT EXISTS (
            SELECT 1
            FROM pdp.alerte AS deja
            CROSS JOIN LATERAL ( -- the cause of these alerts is an absence, found by its id
                SELECT x.debut, x.fin
                FROM pdp.episode AS x
                WHERE x.id = CASE WHEN deja.cause ~ '^[0-9a-f-]{36}$' THEN cast(deja.cause AS uuid) END AND x.assure_id = e.assure_id
                OFFSET 0
            ) AS ancien
            WHERE deja.assure_id = e.assure_id AND deja.type = 'j180_approche' AND ancien.debut <= e.fin AND e.debut <= ancien.fin
        )
    ON CONFLICT DO NOTHING
    RETURNING id, assure_id, parcours_id, type
)
SELECT
    count(*) AS creees,
    journal.consigner_lot('alerte_ouverte', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id, 'parcours_id', parcours_id,
        'donnees', jsonb_build_object('alerte_id', id, 'type', type)
    )), '[]')) AS evenements
FROM nouvelle;
