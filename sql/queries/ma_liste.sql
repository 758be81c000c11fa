-- name: preparer
-- For this transaction: a connection keeps the plans of the list, because planning it anew costs as much as reading it; compiling never pays here.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true);

-- name: lire
-- The page and every count of a coordinator's list, in one pass over her people: those followed, and those closed while a reason is open.
WITH suivi AS MATERIALIZED (
    SELECT id, assure_id, signalement_id, statut, priorite, decide_at, survenu_le, connu_at FROM pdp.parcours WHERE csam_id = :csam AND clos_at IS NULL
    UNION ALL
    SELECT f.id, f.assure_id, f.signalement_id, f.statut, f.priorite, f.decide_at, f.survenu_le, f.connu_at FROM pdp.parcours f
    WHERE f.csam_id = :csam AND f.clos_at IS NOT NULL AND EXISTS (SELECT 1 FROM pdp.tache o WHERE o.parcours_id = f.id AND o.fermee_at IS NULL)
), raison AS (
    SELECT t.parcours_id, min(t.echeance_at) AS premiere,
        (array_agg(CASE WHEN t.attente_jusqu_au > :jour THEN t.attente_balle ELSE t.balle END ORDER BY t.echeance_at, t.ouverte_at, t.id))[1] AS balle,
        (array_agg(coalesce(t.attente_jusqu_au > :jour, t.echeance_avant_at IS NOT NULL AND t.echeance_at >= :demain)
            ORDER BY t.echeance_at, t.ouverte_at, t.id))[1] AS attend,
        array_agg(t.motif) AS motifs,
        bool_or(t.attente_jusqu_au <= :jour OR t.echeance_avant_at IS NOT NULL AND t.echeance_at < :demain) AS revient,
        bool_or(t.motif = 'relancer_partenaire' OR t.motif = 'attendre_partenaire' AND t.echeance_at < :maintenant) AS muet
    FROM suivi s JOIN pdp.tache t ON t.parcours_id = s.id AND t.fermee_at IS NULL
    GROUP BY t.parcours_id
), relais AS (
    SELECT o.parcours_id, array_agg(o.dispositif) AS partenaires
    FROM suivi s JOIN pdp.orientation o ON o.parcours_id = s.id
        AND o.statut IN ('brouillon', 'en_attente_accord', 'envoyee', 'recue', 'acceptee', 'en_cours')
    GROUP BY o.parcours_id
), personne AS MATERIALIZED (
    SELECT p.id, p.assure_id, p.signalement_id, p.statut, p.priorite, p.decide_at,
        t.premiere, coalesce(t.balle, 'csam') AS balle, coalesce(t.motifs, '{}') AS motifs, coalesce(t.attend, false) AS attend,
        coalesce(t.revient, false) AS revient, coalesce(t.muet, false) AS muet, coalesce(o.partenaires, '{aucun}') AS partenaires,
        te.id AS entretien_id, te.debut_at AS entretien_debut_at, te.fin_at AS entretien_fin_at, e.debut AS tri_debut, e.a_verifier, c.dernier_at AS tri_contact,
        coalesce(x.echec, false) AS message_en_echec,
        (SELECT (p.connu_at AT TIME ZONE 'Europe/Paris')::date - p.survenu_le
         FROM unnest(cast(:pannes_de AS timestamptz[]), cast(:pannes_a AS timestamptz[])) AS n (de, a)
         WHERE p.connu_at >= n.a AND p.connu_at < n.a + interval '1 day' AND p.survenu_le >= (n.de AT TIME ZONE 'Europe/Paris')::date
             AND p.survenu_le < (n.a AT TIME ZONE 'Europe/Paris')::date
         LIMIT 1) AS retard_detection
    FROM suivi p
    LEFT JOIN raison t ON t.parcours_id = p.id
    LEFT JOIN relais o ON o.parcours_id = p.id
    LEFT JOIN LATERAL ( -- one row at most by its index; LIMIT keeps the way in through the person, whatever the size of the table
        SELECT id, debut_at, fin_at FROM pdp.tele_echange WHERE parcours_id = p.id AND statut IN ('planifie', 'confirme') LIMIT 1
    ) te ON true
    LEFT JOIN LATERAL (SELECT true AS echec FROM pdp.outbox WHERE parcours_id = p.id AND etat IN ('rebut', 'incertain') LIMIT 1) x ON true
    LEFT JOIN LATERAL ( -- read only when the order or late data ask for it
        SELECT debut, fin >= :fin_depuis AND fin < :jour AS a_verifier FROM pdp.episode
        WHERE assure_id = p.assure_id AND etat = 'courant' AND (:tri = 'semaines' OR cast(:fin_depuis AS date) IS NOT NULL) ORDER BY debut DESC LIMIT 1
    ) e ON true
    LEFT JOIN LATERAL (
        SELECT max(survenu_at) AS dernier_at FROM pdp.contact WHERE :tri = 'contact' AND parcours_id = p.id AND saisie_par_erreur_at IS NULL
    ) c ON true
), juge AS MATERIALIZED (
    SELECT p.*,
        array_remove(ARRAY['tous',
            CASE WHEN premiere < :minuit THEN 'retard' END,
            CASE WHEN premiere >= :minuit AND premiere < :demain THEN 'aujourd_hui' END,
            CASE WHEN entretien_debut_at >= :minuit AND entretien_debut_at < :demain THEN 'entretiens' END,
            CASE WHEN 'renseigner_tele_echange' = ANY (motifs) OR entretien_fin_at < :maintenant THEN 'a_renseigner' END,
            CASE WHEN 'lire_reponse' = ANY (motifs) THEN 'reponse_a_lire' END,
            CASE WHEN revient THEN 'reviennent' END,
            CASE WHEN muet THEN 'partenaire_muet' END,
            CASE WHEN message_en_echec OR 'message_en_echec' = ANY (motifs) THEN 'message_en_echec' END,
            CASE WHEN retard_detection IS NOT NULL THEN 'rattrapage' END], NULL) AS vues,
        CASE WHEN premiere IS NULL THEN 'sans_date' WHEN premiere < :minuit THEN 'passee' WHEN premiere < :demain THEN 'aujourd_hui'
            WHEN premiere < :lundi THEN 'semaine' ELSE 'a_venir' END AS echeance,
        CASE WHEN attend THEN 'en_attente' ELSE 'active' END AS attente
    FROM personne p
), filtre AS MATERIALIZED (
    SELECT j.*,
        cast(:vue AS text) = ANY (vues) AS f_vue,
        cardinality(cast(:motifs AS text[])) = 0 OR motifs && cast(:motifs AS text[]) AS f_motif,
        cardinality(cast(:echeances AS text[])) = 0 OR echeance = ANY (cast(:echeances AS text[])) AS f_echeance,
        cardinality(cast(:balles AS text[])) = 0 OR balle = ANY (cast(:balles AS text[])) AS f_balle,
        cardinality(cast(:partenaires AS text[])) = 0 OR partenaires && cast(:partenaires AS text[]) AS f_partenaire,
        cardinality(cast(:attentes AS text[])) = 0 OR attente = ANY (cast(:attentes AS text[])) AS f_attente,
        (cast(:du_at AS timestamptz) IS NULL OR coalesce(premiere >= :du_at, false))
            AND (cast(:au_at AS timestamptz) IS NULL OR coalesce(premiere < :au_at, false)) AS f_dates
    FROM juge j
), page AS MATERIALIZED (
    SELECT f.*, row_number() OVER (ORDER BY cast(:sens AS integer) * CASE cast(:tri AS text)
            WHEN 'semaines' THEN :jour - tri_debut
            WHEN 'priorite' THEN priorite
            WHEN 'contact' THEN coalesce(extract(epoch FROM tri_contact), 0)
            WHEN 'rattrapage' THEN retard_detection
            ELSE extract(epoch FROM premiere) END NULLS LAST, priorite DESC, decide_at, id) AS rang
    FROM filtre f
    WHERE f_vue AND f_motif AND f_echeance AND f_balle AND f_partenaire AND f_attente AND f_dates
    ORDER BY rang LIMIT cast(:limite AS bigint)
), comptes AS (
    SELECT jsonb_build_object(
        'total', count(*), 'a_verifier', count(*) FILTER (WHERE a_verifier),
        'filtrees', count(*) FILTER (WHERE f_vue AND f_motif AND f_echeance AND f_balle AND f_partenaire AND f_attente AND f_dates),
        'vues', (SELECT jsonb_object_agg(v, n) FROM (SELECT v, count(*) AS n FROM filtre, unnest(vues) AS v GROUP BY v) x),
        'motifs', (SELECT jsonb_object_agg(v, n) FROM (SELECT v, ARRAY[count(DISTINCT id) FILTER (WHERE f_vue AND f_echeance AND f_balle AND f_partenaire AND f_attente AND f_dates), count(DISTINCT id)] AS n FROM filtre, unnest(motifs) AS v GROUP BY v) x),
        'echeances', (SELECT jsonb_object_agg(v, n) FROM (SELECT echeance AS v, ARRAY[count(*) FILTER (WHERE f_vue AND f_motif AND f_balle AND f_partenaire AND f_attente AND f_dates), count(*)] AS n FROM filtre GROUP BY v) x),
        'balles', (SELECT jsonb_object_agg(v, n) FROM (SELECT balle AS v, ARRAY[count(*) FILTER (WHERE f_vue AND f_motif AND f_echeance AND f_partenaire AND f_attente AND f_dates), count(*)] AS n FROM filtre GROUP BY v) x),
        'partenaires', (SELECT jsonb_object_agg(v, n) FROM (SELECT v, ARRAY[count(*) FILTER (WHERE f_vue AND f_motif AND f_echeance AND f_balle AND f_attente AND f_dates), count(*)] AS n FROM filtre, unnest(partenaires) AS v GROUP BY v) x),
        'attentes', (SELECT jsonb_object_agg(v, n) FROM (SELECT attente AS v, ARRAY[count(*) FILTER (WHERE f_vue AND f_motif AND f_echeance AND f_balle AND f_partenaire AND f_dates), count(*)] AS n FROM filtre GROUP BY v) x)
    ) AS comptes
    FROM filtre
)
SELECT CASE WHEN l.rang IS NULL OR l.rang = 1 THEN n.comptes END AS comptes, l.*
FROM comptes n LEFT JOIN (
    SELECT p.rang, p.id, p.statut, p.priorite, p.signalement_id, s.nom, s.prenom, s.date_naissance, e.debut AS arret_debut, e.fin AS arret_fin,
        t.taches, c.sans_reponse AS essais, c.dernier_resultat, c.dernier_at, p.entretien_id, p.entretien_debut_at, p.entretien_fin_at,
        p.message_en_echec, si.motif AS silence_motif, si.au AS silence_au, p.retard_detection, coalesce(p.a_verifier, false) AS fin_a_verifier,
        p.attend AS en_attente, p.revient, p.partenaires
    FROM page p
    JOIN identite.assure s ON s.id = p.assure_id
    LEFT JOIN LATERAL (
        SELECT debut, fin FROM pdp.episode WHERE assure_id = p.assure_id AND etat = 'courant' ORDER BY debut DESC LIMIT 1
    ) e ON true
    LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object('id', id, 'motif', motif, 'balle', CASE WHEN attente_jusqu_au > :jour THEN attente_balle ELSE balle END,
            'echeance_at', echeance_at, 'note', note, 'origine', origine, 'sujet', sujet, 'attente_raison', attente_raison,
            'attente_jusqu_au', attente_jusqu_au, 'attente_du_at', attente_du_at, 'attente_cumul_jours', attente_cumul_jours) ORDER BY echeance_at, ouverte_at, id) AS taches
        FROM pdp.tache WHERE parcours_id = p.id AND fermee_at IS NULL
    ) t ON true
    LEFT JOIN LATERAL (
        SELECT (array_agg(resultat ORDER BY survenu_at DESC))[1] AS dernier_resultat, max(survenu_at) AS dernier_at,
            -- one a day and part of the day counts, since the person was last reached
            count(DISTINCT (le::date, extract(hour FROM le) >= :midi, extract(hour FROM le) >= :fin_apres_midi))
                FILTER (WHERE resultat IN ('messagerie', 'non_reponse', 'tiers') AND survenu_at > coalesce(joint_at, '-infinity')) AS sans_reponse
        FROM (SELECT resultat, survenu_at, survenu_at AT TIME ZONE 'Europe/Paris' AS le,
                max(survenu_at) FILTER (WHERE resultat NOT IN ('messagerie', 'non_reponse', 'tiers', 'numero_faux')) OVER () AS joint_at
            FROM pdp.contact WHERE parcours_id = p.id AND saisie_par_erreur_at IS NULL) x
    ) c ON true
    LEFT JOIN LATERAL pdp.silence_du_jour(p.assure_id, :jour) si ON true
) l ON true
ORDER BY l.rang;

-- name: lister_pourquoi
-- Why these people were signalled: the sentences of the rules that fired, and who decided to open the parcours.
SELECT g.id AS signalement_id, g.palier, g.survenu_le, g.mode_decision, g.motif_decision, r.libelle AS regle_libelle, v.version AS dol_version,
    a.prenom AS decideur_prenom, a.nom AS decideur_nom,
    (SELECT jsonb_agg(jsonb_build_object('libelle', m.libelle, 'regle', m.regle, 'regle_version', m.regle_version, 'parametre_id', m.parametre_id)
        ORDER BY m.points DESC, m.regle) FROM pdp.signalement_motif m WHERE m.signalement_id = g.id) AS motifs
FROM pdp.signalement g
LEFT JOIN pdp.dol_regle r ON r.id = g.dol_regle_id
LEFT JOIN pdp.dol_version v ON v.id = g.dol_version_id
LEFT JOIN pdp.agent a ON a.id = g.decide_par
WHERE g.id = ANY (cast(:signalements AS uuid[]));

-- name: lire_fraicheur
-- Last prescriptions received, last detection of the platform, and the outages that ended since a day: two detections further apart than they should be.
SELECT (SELECT max(recu_at) FROM pdp.flux_fichier WHERE flux = 'arrets_prescrits' AND etat = 'charge') AS recu_at,
    (SELECT max(instant_metier) FROM pdp.passage WHERE dag = 'pdp_detection' AND tache = 'detecter' AND fin_at IS NOT NULL
        AND detail ->> 'plateforme' = :plateforme) AS detection_at,
    (SELECT jsonb_agg(jsonb_build_object('de', n.de, 'a', n.a) ORDER BY n.a)
     FROM (SELECT a.instant_metier AS a, (SELECT max(b.instant_metier) FROM pdp.passage b WHERE b.dag = 'pdp_detection' AND b.tache = 'detecter'
               AND b.fin_at IS NOT NULL AND b.detail ->> 'plateforme' = :plateforme AND b.instant_metier < a.instant_metier) AS de
           FROM pdp.passage a
           WHERE a.dag = 'pdp_detection' AND a.tache = 'detecter' AND a.fin_at IS NOT NULL AND a.detail ->> 'plateforme' = :plateforme
               AND a.instant_metier >= :depuis AND a.instant_metier <= :maintenant) n
     WHERE n.a - n.de > cast(:ecart AS interval)) AS pannes,
    (SELECT array_agg(canal ORDER BY canal DESC) FROM pdp.passerelle WHERE plateforme_id = :plateforme AND echecs_suite >= :seuil_degrade) AS degrades;

-- name: lister_fait
-- What this coordinator did since an instant, latest first: acts that can be taken back, and reasons closed outside an act.
SELECT f.parcours_id, s.nom, s.prenom, f.motif, f.genre, f.fait_at, f.acte_id
FROM (
    SELECT a.parcours_id, NULL AS motif, a.genre, a.fait_at, a.id AS acte_id FROM pdp.acte a
    WHERE a.agent_id = :agent AND a.fait_at >= :depuis AND a.annule_at IS NULL AND a.parcours_id IS NOT NULL
    UNION ALL
    SELECT t.parcours_id, t.motif, NULL, max(t.fermee_at), NULL FROM pdp.tache t
    WHERE t.fermee_par = cast(:agent AS text) AND t.fermee_at >= :depuis
        AND NOT EXISTS (SELECT 1 FROM pdp.acte a WHERE a.agent_id = :agent AND a.fait_at = t.fermee_at AND a.parcours_id = t.parcours_id)
    GROUP BY t.parcours_id, t.motif
) f
JOIN pdp.parcours p ON p.id = f.parcours_id
JOIN identite.assure s ON s.id = p.assure_id
ORDER BY f.fait_at DESC, f.parcours_id, f.motif
LIMIT 100;

