-- From absences to signalements. Oracle: domain/signalement.py; rules, thresholds and points come from it as parameters.
-- Only the people of personne_touchee are looked at.

-- name: drop_episode_regarde
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.episode_regarde;

-- name: create_episode_regarde
-- Absences of the people touched that run on the day (the last prescribed day is past by no more than the tolerance) or begin later: read
-- once, for the signalements and for the due days.
CREATE TEMPORARY TABLE episode_regarde ON COMMIT DROP AS
SELECT e.*
FROM personne_touchee AS t
CROSS JOIN LATERAL (
    SELECT x.id, x.assure_id, x.debut, x.fin, x.motif_categorie, x.temps_partiel
    FROM pdp.episode AS x
    WHERE x.assure_id = t.assure_id AND x.plateforme_id = :plateforme AND x.etat = 'courant'
        AND x.fin >= cast(:jour AS date) - cast(:tolerance AS integer)
    OFFSET 0 -- one index look-up per person, whatever the planner believes
) AS e;

-- name: analyze_episode_regarde
-- Without figures the planner would take the work table for a small one.
ANALYZE episode_regarde;

-- name: drop_absence
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.absence;

-- name: drop_candidat
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.candidat;

-- name: drop_constat
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.constat;

-- name: drop_deja_signale
-- Work table of a previous detection in the same transaction.
DROP TABLE IF EXISTS pg_temp.deja_signale;

-- name: create_absence
-- Absences that run on the day, and those of a signalement still waiting, with what is known of the person and what her employers
-- declared. Of each employer the arrêt begun last speaks.
CREATE TEMPORARY TABLE absence ON COMMIT DROP AS
WITH regardee AS (
    SELECT e.*, true AS en_cours
    FROM episode_regarde AS e
    WHERE e.debut <= :jour
    UNION ALL
    SELECT DISTINCT e.*, false
    FROM place AS p
    CROSS JOIN LATERAL (
        SELECT x.id, x.assure_id, x.debut, x.fin, x.motif_categorie, x.temps_partiel
        FROM pdp.signalement AS s
        JOIN pdp.episode AS x ON x.id = s.episode_id
        WHERE s.id = p.id AND s.statut IN ('veille', 'a_trier')
            AND x.etat = 'courant' AND x.fin < cast(:jour AS date) - cast(:tolerance AS integer)
        OFFSET 0 -- looked up one by one, whatever the planner believes; so below, what is known of each absence
    ) AS e
)
SELECT
    e.id AS episode_id,
    e.assure_id,
    e.debut,
    e.fin,
    e.motif_categorie,
    e.temps_partiel,
    e.en_cours,
    a.date_naissance,
    least(cast(:jour AS date), e.fin) - e.debut + 1 AS duree_jours,
    e.debut + cast(:minimum_j180 AS integer) - 1 AS j180_le,
    (e.debut + cast(:minimum_j180 AS integer) - 1) - cast(:jour AS date) AS jours_avant_j180,
    extract(year FROM cast(:jour AS date))::integer - extract(year FROM a.date_naissance)::integer
        - (to_char(cast(:jour AS date), 'MMDD') < to_char(a.date_naissance, 'MMDD'))::integer AS age,
    compte.jours AS jours_comptes,
    coalesce(pdp.jours_comptes(compte.jours, :jour, :fenetre), 0) AS ij_utilisees,
    d.epuisement_le,
    p.id AS parcours_id,
    reprise.reprise_le,
    contrat.retraite_le,
    contrat.deces_le,
    contrat.inaptitude_le,
    least(reprise.reprise_le, contrat.retraite_le, contrat.deces_le) - 1 AS dernier_jour_declare,
    silence.motif AS silence_motif
FROM regardee AS e
CROSS JOIN LATERAL (SELECT x.date_naissance FROM identite.assure AS x WHERE x.id = e.assure_id OFFSET 0) AS a
LEFT JOIN LATERAL (
    SELECT x.comptees, x.l324, x.epuisement_le FROM pdp.droits_ij AS x WHERE x.assure_id = e.assure_id OFFSET 0
) AS d ON true
CROSS JOIN LATERAL (SELECT CASE WHEN cast(:compter_l324 AS boolean) THEN d.comptees + d.l324 ELSE d.comptees END AS jours) AS compte
LEFT JOIN LATERAL (SELECT x.id FROM pdp.parcours AS x WHERE x.assure_id = e.assure_id AND x.clos_at IS NULL OFFSET 0) AS p ON true
LEFT JOIN LATERAL pdp.silence_du_jour(e.assure_id, :jour) AS silence ON true
LEFT JOIN LATERAL (
    SELECT
        min(f.debut) FILTER (WHERE f.code = ANY(cast(:codes_retraite AS text[])) AND f.debut >= e.debut) AS retraite_le,
        min(f.debut) FILTER (WHERE f.code = ANY(cast(:codes_deces AS text[]))) AS deces_le,
        min(f.debut) FILTER (WHERE f.code = ANY(cast(:codes_inaptitude AS text[])) AND f.debut >= e.debut) AS inaptitude_le
    FROM pdp.fait_dsn AS f
    WHERE f.assure_id = e.assure_id AND f.genre = 'fin_contrat' AND NOT f.annule
) AS contrat ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN bool_and(employeur.finie) THEN max(employeur.reprise_le) END AS reprise_le
    FROM (
        SELECT DISTINCT ON (coalesce(f.siret, ''))
            f.reprise_le,
            coalesce(
                f.reprise_le > e.debut AND f.reprise_code = ANY(cast(:codes_reprise AS text[]))
                AND NOT EXISTS (
                    SELECT 1
                    FROM pdp.fait_dsn AS s
                    WHERE s.assure_id = e.assure_id AND s.genre = 'suspension' AND s.neutre AND NOT s.annule
                        AND s.debut <= f.reprise_le AND (s.fin IS NULL OR f.reprise_le <= s.fin)
                )
                AND NOT EXISTS (
                    SELECT 1
                    FROM pdp.arret_prescrit AS avis
                    WHERE avis.assure_id = e.assure_id AND NOT avis.annule AND avis.risque = ANY(cast(:risques AS text[]))
                        AND avis.date_debut BETWEEN f.reprise_le AND e.fin
                ),
                false
            ) AS finie
        FROM pdp.fait_dsn AS f
        WHERE f.assure_id = e.assure_id AND f.genre = 'arret' AND NOT f.annule AND f.code = ANY(cast(:codes_arret AS text[]))
            AND f.debut <= e.fin AND coalesce(f.reprise_le, f.fin, f.debut) >= e.debut
        ORDER BY coalesce(f.siret, ''), f.debut DESC, f.cle COLLATE "C" DESC
    ) AS employeur
) AS reprise ON true;

-- name: analyze_absence
-- Without figures the planner would take the work table for a small one.
ANALYZE absence;

-- name: create_candidat
-- Running absences over a threshold, at their highest one, with the day it was reached and the reason why nothing is signalled, if any.
CREATE TEMPORARY TABLE candidat ON COMMIT DROP AS
SELECT
    gen_random_uuid() AS id,
    e.*,
    palier.palier,
    e.debut + palier.minimum - 1 AS franchi_le,
    CASE
        WHEN e.deces_le <= :jour THEN 'deces'
        WHEN e.retraite_le <= :jour THEN 'retraite'
        WHEN e.reprise_le <= :jour THEN 'reprise_declaree'
        WHEN cast(:exclure_tpt_seul AS boolean) AND e.temps_partiel AND NOT EXISTS (
            SELECT 1
            FROM pdp.arret_prescrit AS a
            WHERE a.assure_id = e.assure_id AND NOT a.annule AND a.risque = ANY(cast(:risques AS text[]))
                AND a.date_debut BETWEEN e.debut AND e.fin AND NOT a.temps_partiel
        ) THEN 'temps_partiel_seul'
        WHEN cast(:exclure_age AS boolean)
            AND e.age BETWEEN coalesce(cast(:age_exclu_min AS integer), e.age) AND coalesce(cast(:age_exclu_max AS integer), e.age) THEN 'age'
        WHEN cast(:exclure_silence_personne AS boolean) AND e.silence_motif IS NOT NULL THEN 'silence_personne'
        WHEN cast(:silence AS boolean) THEN 'silence'
    END AS exclusion,
    1 + (
        SELECT count(*)
        FROM pdp.episode AS autre
        WHERE autre.assure_id = e.assure_id AND autre.etat = 'courant' AND autre.id <> e.episode_id
            AND autre.debut > cast(:repetition_depuis AS date) AND autre.debut <= :jour
    ) AS nb_episodes_fenetre
FROM absence AS e
CROSS JOIN LATERAL (
    SELECT t.palier, t.minimum
    FROM unnest(cast(:paliers AS integer[]), cast(:minima AS integer[])) AS t (palier, minimum)
    WHERE t.minimum <= e.duree_jours
    ORDER BY t.palier DESC
    LIMIT 1
) AS palier
WHERE e.en_cours;

-- name: analyze_candidat
-- Without figures the planner would take the work table for a small one.
ANALYZE candidat;

-- name: create_constat
-- Each rule that fires while its window is open, with what it saw and the last day of the window; of the rules of one group, the last only.
CREATE TEMPORARY TABLE constat ON COMMIT DROP AS
SELECT DISTINCT ON (c.id, coalesce(r.groupe, r.cle))
    c.id AS candidat_id, r.cle AS regle, r.identifiant AS regle_id, r.version, o.observe, r.seuil, r.parametre_id, r.points, r.levier,
    r.groupe, r.rang, w.fin AS valable_jusqu_au,
    replace(replace(r.phrase, '{observe}', o.observe::text), '{s}', CASE WHEN o.observe > 1 THEN 's' ELSE '' END) AS libelle
FROM candidat AS c
CROSS JOIN jsonb_to_recordset(cast(:regles AS jsonb)) AS r (
    rang integer, cle text, identifiant text, version integer, phrase text, levier text, observation text, mini integer, maxi integer,
    seuil numeric, parametre_id text, points integer, fenetre text, motif_categorie text, groupe text
)
CROSS JOIN LATERAL (
    SELECT CASE r.observation
        WHEN 'duree_jours' THEN c.duree_jours
        WHEN 'jours_avant_j180' THEN CASE WHEN c.jours_avant_j180 > 0 THEN c.jours_avant_j180 END
        WHEN 'nb_episodes_fenetre' THEN c.nb_episodes_fenetre
        WHEN 'age' THEN c.age
        WHEN 'ij_utilisees' THEN c.ij_utilisees
        WHEN 'jours_avant_epuisement' THEN CASE WHEN c.epuisement_le >= :jour THEN c.epuisement_le - cast(:jour AS date) END
        WHEN 'jours_depuis_inaptitude' THEN CASE WHEN c.inaptitude_le <= :jour THEN cast(:jour AS date) - c.inaptitude_le END
    END AS observe
) AS o
CROSS JOIN LATERAL (
    SELECT least(
        CASE r.fenetre
            WHEN 'avant_j180' THEN c.j180_le - 1
            WHEN 'fin_droits' THEN c.epuisement_le - 1
            WHEN 'fin_arret' THEN c.fin + cast(:marge AS integer)
        END,
        c.dernier_jour_declare
    ) AS fin
) AS w
WHERE o.observe BETWEEN coalesce(r.mini, o.observe) AND coalesce(r.maxi, o.observe)
    AND (w.fin IS NULL OR w.fin >= :jour)
    AND (r.motif_categorie IS NULL OR r.motif_categorie = c.motif_categorie)
ORDER BY c.id, coalesce(r.groupe, r.cle), r.rang DESC;

-- name: analyze_constat
-- Without figures the planner would take the work table for a small one.
ANALYZE constat;

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

-- name: count_exclusions
-- Running absences over a threshold that bring nothing, by reason, and those that run below the first threshold.
SELECT exclusion, count(*) AS nombre FROM candidat WHERE exclusion IS NOT NULL GROUP BY exclusion
UNION ALL
SELECT 'sous_palier', count(*) FROM absence AS a WHERE a.en_cours AND NOT EXISTS (SELECT 1 FROM candidat AS c WHERE c.episode_id = a.episode_id)
UNION ALL
SELECT 'sans_arret_en_cours', (SELECT count(*) FROM personne_touchee) - (SELECT count(*) FROM absence WHERE en_cours);

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
    LEFT JOIN (SELECT candidat_id, sum(points) AS points FROM constat GROUP BY candidat_id) AS m ON m.candidat_id = c.id
    WHERE c.exclusion IS NULL
        AND NOT EXISTS (SELECT 1 FROM deja_signale AS d WHERE d.candidat_id = c.id AND d.palier >= c.palier)
    ON CONFLICT DO NOTHING
    RETURNING id, assure_id, episode_id, palier, priorite, statut
),
motif AS (
    INSERT INTO pdp.signalement_motif (
        signalement_id, plateforme_id, regle, regle_version, regle_id, libelle, levier, valeur_observee, seuil, parametre_id, points,
        valable_jusqu_au, constate_le
    )
    SELECT
        m.candidat_id, :plateforme, m.regle, m.version, m.regle_id, m.libelle, m.levier, m.observe, m.seuil, m.parametre_id, m.points,
        m.valable_jusqu_au, :jour
    FROM constat AS m
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
    (SELECT count(*) FROM candidat WHERE exclusion IS NULL) AS candidats,
    (SELECT count(*) FROM nouveau) AS crees,
    (SELECT count(*) FROM nouveau WHERE statut = 'a_trier') AS a_trier,
    (SELECT count(*) FROM nouveau WHERE statut = 'veille') AS veille,
    (SELECT count(*) FROM nouveau WHERE statut = 'rattache') AS rattaches,
    (SELECT count(*) FROM depasse) AS depasses,
    (SELECT count(*) FROM motif) AS motifs,
    (SELECT coalesce(sum(journal.consigner_lot(code, lignes)), 0)
        FROM (SELECT code, jsonb_agg(ligne) AS lignes FROM evenement GROUP BY code) AS e) AS evenements;
