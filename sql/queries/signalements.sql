-- From absences to signalements and alerts. Oracle: domain/signalement.py; rules, thresholds and points come from it as parameters.

-- name: drop_arret_en_cours
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.arret_en_cours;

-- name: drop_candidat
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.candidat;

-- name: drop_candidat_motif
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.candidat_motif;

-- name: drop_deja_signale
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.deja_signale;

-- name: create_arret_en_cours
-- Absences that run on the day (the last prescribed day is past by no more than the tolerance), with what is known of the person.
CREATE TEMPORARY TABLE arret_en_cours ON COMMIT DROP AS
SELECT
    e.id AS episode_id,
    e.assure_id,
    e.debut,
    e.fin,
    e.motif_categorie,
    least(cast(:jour AS date), e.fin) - e.debut + 1 AS duree_jours,
    (e.debut + cast(:minimum_j180 AS integer) - 1) - cast(:jour AS date) AS jours_avant_j180,
    extract(year FROM cast(:jour AS date))::integer - extract(year FROM a.date_naissance)::integer
        - (to_char(cast(:jour AS date), 'MMDD') < to_char(a.date_naissance, 'MMDD'))::integer AS age,
    c.ij_utilisees,
    c.ij_restantes,
    c.epuisement_projete_le,
    p.id AS parcours_id
FROM pdp.episode AS e
JOIN identite.assure AS a ON a.id = e.assure_id
LEFT JOIN pdp.compteur_ij AS c ON c.assure_id = e.assure_id AND c.au = :jour
LEFT JOIN pdp.parcours AS p ON p.assure_id = e.assure_id AND p.clos_at IS NULL
WHERE e.plateforme_id = :plateforme
    AND e.etat = 'courant'
    AND e.debut <= :jour
    AND e.fin >= cast(:jour AS date) - cast(:tolerance AS integer);

-- name: analyze_arret_en_cours
-- Without figures the planner would take the work table for a small one.
ANALYZE arret_en_cours;

-- name: create_candidat
-- Absences over a threshold and not excluded, at their highest threshold, with the day it was reached.
CREATE TEMPORARY TABLE candidat ON COMMIT DROP AS
SELECT
    gen_random_uuid() AS id,
    e.*,
    palier.palier,
    e.debut + palier.minimum - 1 AS franchi_le,
    1 + (
        SELECT count(*)
        FROM pdp.episode AS autre
        WHERE autre.assure_id = e.assure_id AND autre.etat = 'courant' AND autre.id <> e.episode_id
            AND autre.debut > cast(:repetition_depuis AS date) AND autre.debut <= :jour
    ) AS nb_episodes_fenetre
FROM arret_en_cours AS e
CROSS JOIN LATERAL (
    SELECT t.palier, t.minimum
    FROM unnest(cast(:paliers AS integer[]), cast(:minima AS integer[])) AS t (palier, minimum)
    WHERE t.minimum <= e.duree_jours
    ORDER BY t.palier DESC
    LIMIT 1
) AS palier
WHERE NOT e.age BETWEEN coalesce(cast(:age_exclu_min AS integer), e.age) AND coalesce(cast(:age_exclu_max AS integer), e.age)
    AND (cast(:signaler_tpt_seul AS boolean) OR EXISTS (
        SELECT 1
        FROM pdp.arret_prescrit AS a
        WHERE a.assure_id = e.assure_id AND NOT a.annule AND a.risque = ANY(:risques)
            AND a.date_debut BETWEEN e.debut AND e.fin AND NOT a.temps_partiel
    ));

-- name: analyze_candidat
-- Without figures the planner would take the work table for a small one.
ANALYZE candidat;

-- name: create_candidat_motif
-- Each rule that fires, with what it saw; of the rules of one group, the last one only.
CREATE TEMPORARY TABLE candidat_motif ON COMMIT DROP AS
SELECT DISTINCT ON (c.id, coalesce(r.groupe, r.cle))
    c.id AS candidat_id, r.cle AS regle, r.version, o.observe, r.seuil, r.parametre_id, r.points,
    replace(replace(r.phrase, '{observe}', o.observe::text), '{s}', CASE WHEN o.observe > 1 THEN 's' ELSE '' END) AS libelle
FROM candidat AS c
CROSS JOIN jsonb_to_recordset(cast(:regles AS jsonb)) AS r (
    ordre integer, cle text, version integer, phrase text, observation text, mini integer, maxi integer, seuil numeric,
    parametre_id text, points integer, motif_categorie text, groupe text
)
CROSS JOIN LATERAL (
    SELECT CASE r.observation
        WHEN 'duree_jours' THEN c.duree_jours
        WHEN 'jours_avant_j180' THEN CASE WHEN c.jours_avant_j180 > 0 THEN c.jours_avant_j180 END
        WHEN 'nb_episodes_fenetre' THEN c.nb_episodes_fenetre
        WHEN 'age' THEN c.age
        WHEN 'ij_utilisees' THEN c.ij_utilisees
    END AS observe
) AS o
WHERE o.observe BETWEEN coalesce(r.mini, o.observe) AND coalesce(r.maxi, o.observe)
    AND (r.motif_categorie IS NULL OR r.motif_categorie = c.motif_categorie)
ORDER BY c.id, coalesce(r.groupe, r.cle), r.ordre DESC;

-- name: analyze_candidat_motif
-- Without figures the planner would take the work table for a small one.
ANALYZE candidat_motif;

-- name: create_deja_signale
-- Signalements of the same absence: of this episode, raised on a day that is now part of it, or of a replaced episode that overlaps it.
CREATE TEMPORARY TABLE deja_signale ON COMMIT DROP AS
SELECT c.id AS candidat_id, s.id AS signalement_id, s.palier, s.statut
FROM candidat AS c
JOIN pdp.signalement AS s ON s.assure_id = c.assure_id
JOIN pdp.episode AS ancien ON ancien.id = s.episode_id
WHERE ancien.id = c.episode_id
    OR s.survenu_le BETWEEN c.debut AND c.fin
    OR (ancien.etat = 'remplace' AND ancien.debut <= c.fin AND c.debut <= ancien.fin);

-- name: analyze_deja_signale
-- Without figures the planner would take the work table for a small one.
ANALYZE deja_signale;

-- name: insert_signalements
-- The highest threshold not yet signalled for the absence, its motives, the end of the lower one that was waiting, and their events.
WITH nouveau AS (
    INSERT INTO pdp.signalement (
        id, plateforme_id, assure_id, episode_id, palier, survenu_le, connu_at, priorite, statut, decide_at, mode_decision
    )
    SELECT
        c.id, :plateforme, c.assure_id, c.episode_id, c.palier, c.franchi_le, :maintenant,
        coalesce(m.points, 0),
        CASE WHEN c.parcours_id IS NOT NULL THEN 'rattache' WHEN c.palier = ANY(cast(:paliers_a_trier AS integer[])) THEN 'a_trier' ELSE 'veille' END,
        CASE WHEN c.parcours_id IS NOT NULL THEN cast(:maintenant AS timestamptz) END,
        CASE WHEN c.parcours_id IS NOT NULL THEN 'systeme' END
    FROM candidat AS c
    LEFT JOIN (SELECT candidat_id, sum(points) AS points FROM candidat_motif GROUP BY candidat_id) AS m ON m.candidat_id = c.id
    WHERE NOT EXISTS (SELECT 1 FROM deja_signale AS d WHERE d.candidat_id = c.id AND d.palier >= c.palier)
    ON CONFLICT DO NOTHING
    RETURNING id, assure_id, episode_id, palier, priorite, statut
),
motif AS (
    INSERT INTO pdp.signalement_motif (
        signalement_id, plateforme_id, regle, regle_version, libelle, valeur_observee, seuil, parametre_id, points
    )
    SELECT m.candidat_id, :plateforme, m.regle, m.version, m.libelle, m.observe, m.seuil, m.parametre_id, m.points
    FROM candidat_motif AS m
    JOIN nouveau AS n ON n.id = m.candidat_id
    RETURNING 1
),
depasse AS (
    UPDATE pdp.signalement AS s SET statut = 'remplace', mode_decision = 'systeme', decide_at = :maintenant
    FROM deja_signale AS d
    JOIN nouveau AS n ON n.id = d.candidat_id
    WHERE s.id = d.signalement_id AND s.statut IN ('veille', 'a_trier')
    RETURNING s.id, s.assure_id, n.id AS par_id
),
evenement AS (
    SELECT
        CASE n.statut WHEN 'rattache' THEN 'signalement_rattache' ELSE 'signalement_detecte' END AS code,
        jsonb_build_object(
            'plateforme_id', cast(:plateforme AS text), 'assure_id', n.assure_id, 'parcours_id', c.parcours_id,
            'donnees', jsonb_build_object(
                'signalement_id', n.id, 'episode_id', n.episode_id, 'palier', n.palier, 'priorite', n.priorite, 'statut', n.statut
            )
        ) AS ligne
    FROM nouveau AS n
    JOIN candidat AS c ON c.id = n.id
    UNION ALL
    SELECT 'signalement_remplace', jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id,
        'donnees', jsonb_build_object('signalement_id', id, 'remplace_par', par_id)
    )
    FROM depasse
)
SELECT
    (SELECT count(*) FROM candidat) AS candidats,
    (SELECT count(*) FROM nouveau) AS crees,
    (SELECT count(*) FROM nouveau WHERE statut = 'a_trier') AS a_trier,
    (SELECT count(*) FROM nouveau WHERE statut = 'veille') AS veille,
    (SELECT count(*) FROM nouveau WHERE statut = 'rattache') AS rattaches,
    (SELECT count(*) FROM depasse) AS remplaces,
    (SELECT count(*) FROM motif) AS motifs,
    (SELECT coalesce(sum(journal.consigner_lot(code, lignes)), 0)
        FROM (SELECT code, jsonb_agg(ligne) AS lignes FROM evenement GROUP BY code) AS e) AS evenements;
