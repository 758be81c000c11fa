-- The risk clock in set-based form. Oracle: domain/episode.py; tests/spec/test_detection_oracle.py proves that both agree.

-- name: lock_plateforme
-- One detection at a time per platform: a second run waits, then sees what the first one wrote.
SELECT pg_advisory_xact_lock(hashtextextended('pdp.detection/' || :plateforme, 0));

-- name: set_reglages
-- Planner settings of this transaction: wait for the other run instead of failing, sort in memory, no compilation of short statements.
SELECT set_config('lock_timeout', '300s', true), set_config('work_mem', '64MB', true), set_config('jit', 'off', true);

-- name: drop_episode_neuf
-- Work table of a previous rebuild in the same transaction.
DROP TABLE IF EXISTS pg_temp.episode_neuf;

-- name: drop_personne_touchee
-- Work table of a previous rebuild in the same transaction.
DROP TABLE IF EXISTS pg_temp.personne_touchee;

-- name: create_personne_touchee
-- People whose prescriptions were learnt since the last rebuild, the former holder of a prescription that changed hands included; all when no date.
CREATE TEMPORARY TABLE personne_touchee ON COMMIT DROP AS
SELECT assure_id
FROM pdp.arret_prescrit
WHERE plateforme_id = :plateforme AND (cast(:depuis AS timestamptz) IS NULL OR connu_at >= :depuis)
UNION
SELECT assure_id
FROM pdp.arret_prescrit_version
WHERE plateforme_id = :plateforme AND (cast(:depuis AS timestamptz) IS NULL OR connu_au >= :depuis);

-- name: analyze_personne_touchee
-- Without figures the planner would take the work table for a small one.
ANALYZE personne_touchee;

-- name: create_episode_neuf
-- Episodes of these people: sorted prescriptions, cut where more than the tolerance is uncovered.
CREATE TEMPORARY TABLE episode_neuf ON COMMIT DROP AS
WITH prescription AS (
    SELECT
        a.*,
        max(a.date_fin) OVER (
            PARTITION BY a.assure_id ORDER BY a.date_debut, a.id_avis COLLATE "C" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS couvert_jusqu_au
    FROM pdp.arret_prescrit AS a
    JOIN personne_touchee USING (assure_id)
    WHERE a.plateforme_id = :plateforme AND NOT a.annule AND a.risque = ANY(:risques)
),
numerotee AS (
    SELECT
        *,
        count(*) FILTER (WHERE couvert_jusqu_au IS NULL OR date_debut - couvert_jusqu_au - 1 > :tolerance)
            OVER (PARTITION BY assure_id ORDER BY date_debut, id_avis COLLATE "C") AS rang,
        greatest(0, date_fin - greatest(date_debut, couvert_jusqu_au + 1) + 1) AS jours_nouveaux
    FROM prescription
),
regroupee AS (
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
        -- part-time now: no full-time prescription reaches the last day
        coalesce(max(date_fin) FILTER (WHERE NOT temps_partiel) < max(date_fin), true) AS temps_partiel,
        max(connu_at) AS connu_at
    FROM numerotee
    GROUP BY assure_id, rang
)
SELECT md5(assure_id || '/' || premiere_prescription)::uuid AS id, *
FROM regroupee;

-- name: analyze_episode_neuf
-- Without figures the planner would take the work table for a small one.
ANALYZE episode_neuf;

-- name: upsert_episodes
-- Writes only what is new or different, and tells the journal which ones.
WITH ecrit AS (
    INSERT INTO pdp.episode AS e (
        id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, risque_mixte,
        motif_categorie, ald, temps_partiel, etat, connu_at, calcule_at
    )
    SELECT
        id, :plateforme, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, risque_mixte,
        motif_categorie, ald, temps_partiel, 'courant', connu_at, :maintenant
    FROM episode_neuf
    ON CONFLICT (id) DO UPDATE SET
        debut = excluded.debut, fin = excluded.fin, jours_prescrits = excluded.jours_prescrits, nb_prescriptions = excluded.nb_prescriptions,
        risque = excluded.risque, risque_mixte = excluded.risque_mixte, motif_categorie = excluded.motif_categorie, ald = excluded.ald,
        temps_partiel = excluded.temps_partiel, etat = excluded.etat, connu_at = excluded.connu_at, calcule_at = excluded.calcule_at
    WHERE (e.debut, e.fin, e.jours_prescrits, e.nb_prescriptions, e.risque, e.risque_mixte, e.motif_categorie, e.ald, e.temps_partiel, e.etat, e.connu_at)
        IS DISTINCT FROM
        (excluded.debut, excluded.fin, excluded.jours_prescrits, excluded.nb_prescriptions, excluded.risque, excluded.risque_mixte,
            excluded.motif_categorie, excluded.ald, excluded.temps_partiel, excluded.etat, excluded.connu_at)
    RETURNING id, assure_id, etat
),
remplace AS (
    UPDATE pdp.episode AS e SET etat = 'remplace', calcule_at = :maintenant
    WHERE e.etat = 'courant'
        AND e.plateforme_id = :plateforme
        AND e.assure_id IN (SELECT assure_id FROM personne_touchee)
        AND NOT EXISTS (SELECT 1 FROM episode_neuf AS n WHERE n.id = e.id)
    RETURNING e.id, e.assure_id, e.etat
),
change AS (
    SELECT * FROM ecrit
    UNION ALL
    SELECT * FROM remplace
)
SELECT
    (SELECT count(*) FROM personne_touchee) AS personnes,
    (SELECT count(*) FROM episode_neuf) AS episodes,
    count(*) FILTER (WHERE etat = 'courant') AS ecrits,
    count(*) FILTER (WHERE etat = 'remplace') AS remplaces,
    journal.consigner_lot('episode_calcule', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id, 'donnees', jsonb_build_object('episode_id', id, 'etat', etat)
    )), '[]')) AS evenements
FROM change;
