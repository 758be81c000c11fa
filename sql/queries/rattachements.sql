-- A corrected history: signalements follow their absence when its dates or its identity change.

-- name: drop_place
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.place;

-- name: create_place
-- Where each signalement of the people touched belongs: the absence that now holds the day of its threshold; failing that its own if it
-- still stands; failing that the one that overlaps it most; failing that its own, replaced.
CREATE TEMPORARY TABLE place ON COMMIT DROP AS
SELECT s.id, s.assure_id, s.palier, s.statut, s.connu_at, s.episode_id, coalesce(cible.id, s.episode_id) AS cible_id
FROM personne_touchee AS t
JOIN pdp.signalement AS s ON s.assure_id = t.assure_id AND s.plateforme_id = :plateforme
JOIN pdp.episode AS ancien ON ancien.id = s.episode_id
LEFT JOIN LATERAL (
    SELECT e.id
    FROM pdp.episode AS e
    WHERE e.assure_id = s.assure_id AND e.etat = 'courant'
        AND (e.id = ancien.id OR s.survenu_le BETWEEN e.debut AND e.fin
            OR (ancien.etat = 'remplace' AND e.debut <= ancien.fin AND ancien.debut <= e.fin))
    ORDER BY s.survenu_le BETWEEN e.debut AND e.fin DESC, e.id = ancien.id DESC,
        least(e.fin, ancien.fin) - greatest(e.debut, ancien.debut) DESC, e.debut, e.id
    LIMIT 1
) AS cible ON true;

-- name: analyze_place
-- Without figures the planner would take the work table for a small one.
ANALYZE place;

-- name: move_signalements
-- To the absence they belong to, unless it already has the same threshold: the older of two stays there, the other where it was.
WITH prevu AS (
    SELECT p.*, row_number() OVER (PARTITION BY p.cible_id, p.palier ORDER BY p.connu_at, p.id) AS tour
    FROM place AS p
    WHERE p.cible_id <> p.episode_id
        AND NOT EXISTS (SELECT 1 FROM place AS q WHERE q.episode_id = p.cible_id AND q.palier = p.palier)
),
deplace AS (
    UPDATE pdp.signalement AS s SET episode_id = p.cible_id
    FROM prevu AS p
    WHERE s.id = p.id AND p.tour = 1
    RETURNING s.id, s.assure_id, p.episode_id AS de_id, s.episode_id AS vers_id
)
SELECT
    count(*) AS deplaces,
    journal.consigner_lot('signalement_deplace', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id,
        'donnees', jsonb_build_object('signalement_id', id, 'de_episode_id', de_id, 'vers_episode_id', vers_id)
    )), '[]')) AS evenements
FROM deplace;

-- name: replace_doublons
-- Of several signalements waiting for one absence (two absences joined by a late avis), the highest threshold stays, the oldest of it first.
WITH attente AS (
    SELECT p.id, first_value(p.id) OVER (PARTITION BY p.cible_id ORDER BY p.palier DESC, p.connu_at, p.id) AS garde_id
    FROM place AS p
    WHERE p.statut IN ('veille', 'a_trier')
),
remplace AS (
    UPDATE pdp.signalement AS s SET statut = 'remplace', mode_decision = 'systeme', decide_at = :maintenant
    FROM attente AS a
    WHERE s.id = a.id AND a.id <> a.garde_id
    RETURNING s.id, s.assure_id, a.garde_id
)
SELECT
    count(*) AS remplaces,
    journal.consigner_lot('signalement_remplace', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id,
        'donnees', jsonb_build_object('signalement_id', id, 'remplace_par', garde_id)
    )), '[]')) AS evenements
FROM remplace;

-- name: replace_partis
-- A row whose prescriptions all left it (a new pivot id, another platform) waits for nobody: the person is signalled where her facts are.
WITH parti AS (
    UPDATE pdp.signalement AS s SET statut = 'remplace', mode_decision = 'systeme', decide_at = :maintenant
    FROM personne_touchee AS t
    WHERE s.assure_id = t.assure_id AND s.plateforme_id = :plateforme AND s.statut IN ('veille', 'a_trier') AND s.source = 'requete_arret_long'
        AND NOT EXISTS (SELECT 1 FROM pdp.arret_prescrit AS a WHERE a.assure_id = s.assure_id)
    RETURNING s.id, s.assure_id
)
SELECT
    count(*) AS partis,
    journal.consigner_lot('signalement_remplace', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id, 'donnees', jsonb_build_object('signalement_id', id)
    )), '[]')) AS evenements
FROM parti;

-- name: reopen_signalements
-- An absence of which every signalement gave way to another that has since left it (facts gone and come back, two absences joined then
-- parted) waits again under the highest of them: nobody else stands for it.
WITH perdu AS (
    SELECT DISTINCT ON (c.id) c.id AS candidat_id, c.palier, c.parcours_id, d.signalement_id, d.palier AS palier_signale
    FROM candidat AS c
    JOIN deja_signale AS d ON d.candidat_id = c.id
    JOIN pdp.signalement AS s ON s.id = d.signalement_id
    WHERE c.exclusion IS NULL
        AND NOT EXISTS (SELECT 1 FROM deja_signale AS v WHERE v.candidat_id = c.id AND v.statut <> 'remplace')
    ORDER BY c.id, d.palier DESC, s.connu_at, s.id
),
rouvert AS (
    UPDATE pdp.signalement AS s SET
        statut = CASE
            WHEN p.parcours_id IS NOT NULL THEN 'rattache' WHEN s.palier = ANY(cast(:paliers_a_trier AS integer[])) THEN 'a_trier' ELSE 'veille'
        END,
        decide_at = CASE WHEN p.parcours_id IS NOT NULL THEN cast(:maintenant AS timestamptz) END,
        mode_decision = CASE WHEN p.parcours_id IS NOT NULL THEN 'systeme' END
    FROM perdu AS p
    WHERE s.id = p.signalement_id AND p.palier_signale >= p.palier
    RETURNING s.id, s.assure_id, s.palier, s.statut
)
SELECT
    count(*) AS rouverts,
    journal.consigner_lot('signalement_rouvert', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id,
        'donnees', jsonb_build_object('signalement_id', id, 'palier', palier, 'statut', statut)
    )), '[]')) AS evenements
FROM rouvert;

-- name: open_veille
-- Watched until now, and of a threshold that goes to the tri since the policy changed: it waits for the tri, as long as the absence runs.
WITH ouvert AS (
    UPDATE pdp.signalement AS s SET statut = 'a_trier'
    FROM candidat AS c
    WHERE s.assure_id = c.assure_id AND s.episode_id = c.episode_id AND s.plateforme_id = :plateforme AND s.statut = 'veille'
        AND c.exclusion IS NULL AND c.parcours_id IS NULL AND s.palier = ANY(cast(:paliers_a_trier AS integer[]))
    RETURNING s.id, s.assure_id, s.palier, s.statut
)
SELECT
    count(*) AS ouverts,
    journal.consigner_lot('signalement_rouvert', coalesce(jsonb_agg(jsonb_build_object(
        'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id,
        'donnees', jsonb_build_object('signalement_id', id, 'palier', palier, 'statut', statut)
    )), '[]')) AS evenements
FROM ouvert;
