-- Alerts that follow from the counters: end of IJ rights, approach of J180. One per absence and kind, for ever.

-- name: insert_alertes_ij
-- People followed (open parcours) whose counter meets a threshold during the absence that runs: highest threshold only, dated on the day it
-- was met. Others are ranked by the same facts in the tri: an alert each would drown the médecin-conseil.
WITH franchi AS (
    SELECT e.*, seuil.type, seuil.mini, seuil.parametre_id, franchissement.jour AS survenu_le
    FROM arret_en_cours AS e
    CROSS JOIN LATERAL (
        SELECT t.type, t.mini, t.parametre_id
        FROM jsonb_to_recordset(cast(:seuils AS jsonb)) AS t (type text, mini integer, parametre_id text)
        WHERE t.mini <= e.ij_utilisees
        ORDER BY t.mini DESC
        LIMIT 1
    ) AS seuil
    CROSS JOIN LATERAL (
        SELECT j.jour
        FROM jour_ij AS j
        WHERE j.assure_id = e.assure_id AND j.jour >= e.debut AND j.jour <= :jour AND seuil.mini <=
            (SELECT c.n FROM ij_consommee AS c WHERE c.assure_id = j.assure_id AND c.jour <= j.jour ORDER BY c.jour DESC LIMIT 1)
            - coalesce((
                SELECT c.n
                FROM ij_consommee AS c
                WHERE c.assure_id = j.assure_id AND c.jour <= (j.jour - make_interval(years => :fenetre))::date
                ORDER BY c.jour DESC
                LIMIT 1
            ), 0)
        ORDER BY j.jour
        LIMIT 1
    ) AS franchissement
),
nouvelle AS (
    INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at)
    SELECT
        :plateforme, f.assure_id, f.parcours_id, f.type, f.episode_id::text,
        replace(replace(:phrase, '{utilisees}', f.ij_utilisees::text), '{restantes}', f.ij_restantes::text),
        jsonb_build_object(
            'episode_id', f.episode_id, 'ij_utilisees', f.ij_utilisees, 'ij_restantes', f.ij_restantes, 'au', cast(:jour AS date),
            'epuisement_projete_le', f.epuisement_projete_le, 'seuil', f.mini, 'parametre_id', f.parametre_id
        ),
        f.survenu_le::timestamp AT TIME ZONE cast(:fuseau AS text), :maintenant
    FROM franchi AS f
    WHERE f.parcours_id IS NOT NULL AND NOT EXISTS (
        SELECT 1
        FROM pdp.alerte AS deja
        JOIN pdp.episode AS ancien ON ancien.assure_id = deja.assure_id AND ancien.id::text = deja.cause
        WHERE deja.assure_id = f.assure_id AND deja.type = f.type AND ancien.debut <= f.fin AND f.debut <= ancien.fin
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

-- name: insert_alertes_j180
-- People in an open parcours whose absence nears J180.
WITH nouvelle AS (
    INSERT INTO pdp.alerte (plateforme_id, assure_id, parcours_id, type, cause, phrase, faits, survenu_at, connu_at)
    SELECT
        :plateforme, e.assure_id, e.parcours_id, 'j180_approche', e.episode_id::text,
        replace(replace(:phrase, '{jours}', e.jours_avant_j180::text), '{s}', CASE WHEN e.jours_avant_j180 > 1 THEN 's' ELSE '' END),
        jsonb_build_object(
            'episode_id', e.episode_id, 'jours_avant_j180', e.jours_avant_j180, 'duree_jours', e.duree_jours, 'au', cast(:jour AS date),
            'seuil', cast(:approche_max AS integer), 'parametre_id', cast(:parametre_id AS text)
        ),
        greatest(e.debut, cast(:jour AS date) + e.jours_avant_j180 - cast(:approche_max AS integer))::timestamp AT TIME ZONE cast(:fuseau AS text),
        :maintenant
    FROM arret_en_cours AS e
    WHERE e.parcours_id IS NOT NULL
        AND e.jours_avant_j180 BETWEEN 1 AND cast(:approche_max AS integer)
        AND NOT EXISTS (
            SELECT 1
            FROM pdp.alerte AS deja
            JOIN pdp.episode AS ancien ON ancien.assure_id = deja.assure_id AND ancien.id::text = deja.cause
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
