-- name: claim_publication
-- One publication at a time; false when another one runs.
SELECT pg_try_advisory_xact_lock(7240913);

-- name: list_personnes
-- Population: people signalled to somebody, seen at their first signalement (index), with what evaluators may know of them.
WITH indice AS (
    SELECT DISTINCT ON (s.assure_id) s.assure_id, s.plateforme_id, s.survenu_le, e.debut, e.motif_categorie
    FROM pdp.signalement s
    JOIN pdp.episode e ON e.id = s.episode_id
    WHERE s.statut NOT IN ('veille', 'remplace') AND s.connu_at <= :maintenant
    ORDER BY s.assure_id, s.survenu_le, s.palier, s.id
)
SELECT i.assure_id, i.plateforme_id,
       CASE
           WHEN x.age < 25 THEN 'moins_de_25' WHEN x.age < 35 THEN '25_34' WHEN x.age < 45 THEN '35_44'
           WHEN x.age < 55 THEN '45_54' WHEN x.age < 65 THEN '55_64' ELSE '65_et_plus'
       END AS tranche_age,
       a.sexe, i.motif_categorie, i.debut AS j0, i.survenu_le AS signal_le
FROM indice i
JOIN identite.assure a ON a.id = i.assure_id
CROSS JOIN LATERAL (SELECT extract(year FROM age(i.debut, a.date_naissance))::int AS age) x
ORDER BY i.assure_id;

-- name: list_identifiants
-- Opaque ids of the parcours and episodes of the population, to be replaced by codes of the study.
SELECT 'parcours' AS type, p.id
FROM pdp.parcours p JOIN pg_temp.cohorte_personne q ON q.assure_id = p.assure_id
WHERE p.decide_at <= :maintenant
UNION ALL
SELECT 'episode', e.id
FROM pdp.episode e JOIN pg_temp.cohorte_personne q ON q.assure_id = e.assure_id
WHERE e.etat = 'courant';

-- name: stage_parcours
-- Parcours of the population with their code and the day they count from.
INSERT INTO pg_temp.cohorte_parcours (parcours_id, parcours, assure_id, pseudonyme, plateforme, j0, fuseau, detection_le, mois_entree, rang)
SELECT p.id, c.code, q.assure_id, q.pseudonyme, q.plateforme, q.j0, pf.fuseau, (p.connu_at AT TIME ZONE pf.fuseau)::date, q.mois_entree,
       row_number() OVER (PARTITION BY p.assure_id ORDER BY p.decide_at, p.id)
FROM pdp.parcours p
JOIN pg_temp.cohorte_personne q ON q.assure_id = p.assure_id
JOIN pg_temp.cohorte_code c ON c.id = p.id
JOIN pdp.plateforme pf ON pf.id = p.plateforme_id;

-- name: stage_suivi
-- One row per person for the aggregates: the first parcours, and the situation declared 183 days after the signalement.
INSERT INTO pg_temp.cohorte_suivi
WITH etat AS (
    SELECT DISTINCT ON (c.assure_id) c.assure_id, i.situation
    FROM pg_temp.cohorte_parcours c
    JOIN pg_temp.cohorte_personne q ON q.assure_id = c.assure_id
    JOIN pdp.issue i ON i.parcours_id = c.parcours_id AND i.annule_at IS NULL AND i.situation <> 'inconnu'
    WHERE coalesce(i.survenu_le, (i.decide_at AT TIME ZONE c.fuseau)::date) <= q.signal_le + :recul_ou1
    ORDER BY c.assure_id, coalesce(i.survenu_le, (i.decide_at AT TIME ZONE c.fuseau)::date) DESC, i.decide_at DESC, i.id
), alertes AS (
    SELECT pseudonyme, count(*) FILTER (WHERE age_jours >= :recul_k9) AS nombre,
           count(*) FILTER (WHERE age_jours >= :recul_k9 AND delai_decision_jours <= :recul_k9) AS a_temps, bool_or(type = 'enlisement') AS enlise
    FROM evaluation.alertes_nouvelle
    GROUP BY pseudonyme
), orientations AS (
    SELECT parcours, min(envoyee_jours) AS envoyee, bool_or(statut IN ('acceptee', 'en_cours', 'realisee')
           AND repondue_jours - envoyee_jours <= :recul_k6) AS acceptee
    FROM evaluation.orientations_nouvelle
    WHERE envoyee_jours IS NOT NULL
    GROUP BY parcours
)
SELECT q.assure_id, q.plateforme_id, q.mois_entree, q.signal_le, q.motif_reel, p.parcours, c.detection_le,
       p.detection_jour, p.mode_decision, p.decision_jours, p.affectation_jours, p.premier_contact_jours, p.joint_jours, p.tele_echange_jours,
       p.tele_echanges_passes, p.tele_echanges_manques, p.accord_demande, p.accord_jours, p.cloture_jours, p.suivi_jours,
       o.envoyee, coalesce(o.acceptee, false), p.reponse_jours,
       coalesce(a.nombre, 0), coalesce(a.a_temps, 0), coalesce(a.enlise, false),
       s.resultat, s.propose_jour, s.premiere_seance_jour, coalesce(e.situation, 'inconnu')
FROM pg_temp.cohorte_personne q
LEFT JOIN pg_temp.cohorte_parcours c ON c.assure_id = q.assure_id AND c.rang = 1
LEFT JOIN evaluation.parcours_nouvelle p ON p.parcours = c.parcours
LEFT JOIN orientations o ON o.parcours = c.parcours
LEFT JOIN alertes a ON a.pseudonyme = q.pseudonyme
LEFT JOIN evaluation.soutien_psy_nouvelle s ON s.parcours = c.parcours
LEFT JOIN etat e ON e.assure_id = q.assure_id;

-- name: record_publication
-- What was published, one row per table.
INSERT INTO evaluation.publication (table_nom, publie_at, lignes, cases_supprimees, empreinte, instant_metier, etude)
VALUES (:table_nom, clock_timestamp(), :lignes, :cases_supprimees, :empreinte, :maintenant, :etude)
ON CONFLICT (table_nom) DO UPDATE SET publie_at = excluded.publie_at, lignes = excluded.lignes, cases_supprimees = excluded.cases_supprimees,
    empreinte = excluded.empreinte, instant_metier = excluded.instant_metier, etude = excluded.etude;

-- name: compter_publiees
-- Lines of the publication in place for a study; 0 before the first.
SELECT coalesce(sum(lignes), 0)::integer FROM evaluation.publication WHERE etude = :etude;

-- name: list_colonnes
-- Columns of a table of the evaluators with their comments, in order.
SELECT a.attname AS nom, format_type(a.atttypid, a.atttypmod) AS type, col_description(c.oid, a.attnum) AS sens, a.attnotnull AS obligatoire,
       coalesce(a.attnum = ANY (i.indkey::int2[]), false) AS cle, obj_description(c.oid, 'pg_class') AS table_sens
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.oid = to_regclass(:relation)
ORDER BY a.attnum;
