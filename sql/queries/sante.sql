-- name: lire_flux
-- Last file taken of each feed.
SELECT flux, max(recu_at) AS dernier_at FROM pdp.flux_fichier WHERE etat = 'charge' GROUP BY flux;

-- name: lire_traitements
-- Last success of each task that is watched: of one platform where the task runs per platform. No row = it never ran.
SELECT t.dag, t.tache, d.dernier_at
FROM unnest(cast(:dags AS text[]), cast(:taches AS text[])) AS t (dag, tache)
CROSS JOIN LATERAL (SELECT greatest(
    (SELECT max(p.instant_metier) FROM pdp.passage p WHERE p.dag = t.dag AND p.tache = t.tache AND p.detail ->> 'plateforme' = :plateforme
        AND p.instant_metier <= :maintenant AND p.fin_at IS NOT NULL),
    (SELECT max(p.instant_metier) FROM pdp.passage p WHERE p.dag = t.dag AND p.tache = t.tache AND p.detail ->> 'plateforme' IS NULL
        AND p.instant_metier <= :maintenant AND p.fin_at IS NOT NULL)) AS dernier_at) d
WHERE d.dernier_at IS NOT NULL;

-- name: lire_depart
-- First business instant that the platform knows; NULL = nothing ever ran.
SELECT min(instant_metier) FROM pdp.passage;

-- name: compter_dus
-- Messages of a platform that are due: how many and since when, to partners who answer, to staff and to people; letters and files wait for somebody else.
SELECT CASE WHEN o.type = 'avis_interne' THEN 'equipe' WHEN o.partenaire_id IS NULL THEN 'personnes' ELSE 'partenaires' END AS cible, count(*)::integer AS nombre,
    min(o.prochain_essai_at) AS depuis_at
FROM pdp.outbox o
WHERE o.plateforme_id = :plateforme AND o.etat IN ('a_envoyer', 'en_cours') AND o.prochain_essai_at <= :maintenant AND o.canal NOT IN ('courrier', 'csv')
    AND NOT EXISTS (SELECT 1 FROM pdp.circuit_partenaire c WHERE c.partenaire_id = o.partenaire_id AND c.coupe_at IS NOT NULL)
    AND (o.partenaire_id IS NULL OR NOT EXISTS (  -- waits for a person, who is asked: nothing to repair
        SELECT 1 FROM pdp.porte g WHERE g.genre = 'premier_envoi' AND g.objet = o.partenaire_id::text AND g.utilisee_at IS NULL
            AND g.perimee_at IS NULL AND g.decision IS DISTINCT FROM 'acceptee'))
GROUP BY 1;

-- name: compter_echecs
-- Messages given up or doubtful whose last attempt is recent, by transport.
SELECT canal AS cible, count(*)::integer AS nombre, min(prochain_essai_at) AS depuis_at
FROM pdp.outbox
WHERE plateforme_id = :plateforme AND etat IN ('rebut', 'incertain') AND prochain_essai_at >= :depuis
GROUP BY canal;

-- name: compter_quarantaine
-- Refused lines that nobody settled.
SELECT count(*)::integer AS nombre, min(connu_at) AS depuis_at FROM identite.quarantaine WHERE plateforme_id = :plateforme AND resolue_at IS NULL;

-- name: lister_ouverts
-- Open incidents of a platform, locked until the watch has judged them.
SELECT id, sonde, cible, ouvert_at, vu_at FROM pdp.incident WHERE plateforme_id = :plateforme AND ferme_at IS NULL ORDER BY sonde, cible FOR UPDATE;

-- name: lister_fermes
-- What was right again since an instant.
SELECT DISTINCT sonde, cible FROM pdp.incident WHERE plateforme_id = :plateforme AND ferme_at >= :depuis;

-- name: is_dit_ailleurs
-- Whether the watch of runs tells this treatment: a late run is noted, or one that began since the last success is still open.
SELECT EXISTS (SELECT 1 FROM pdp.retard_traitement r WHERE r.plateforme_id = :plateforme AND r.dag = :dag AND r.fini_at IS NULL)
    OR EXISTS (SELECT 1 FROM pdp.passage p WHERE p.dag = :dag AND p.fin_at IS NULL AND p.instant_metier > :depuis
        AND p.debut_at > clock_timestamp() - interval '2 days');

-- name: ouvrir
-- One open incident per probe and target, whoever looks at the same time; no row when it is open already.
INSERT INTO pdp.incident (plateforme_id, sonde, cible, nombre, depuis_at, limite_at, ouvert_at, vu_at)
VALUES (:plateforme, :sonde, :cible, :nombre, :depuis, :limite, :maintenant, :maintenant)
ON CONFLICT (plateforme_id, sonde, cible) WHERE ferme_at IS NULL DO NOTHING
RETURNING id;

-- name: revoir
-- Still there.
UPDATE pdp.incident SET nombre = :nombre, depuis_at = :depuis, limite_at = :limite, vu_at = greatest(vu_at, :maintenant) WHERE id = :id;

-- name: fermer
-- Right again.
UPDATE pdp.incident SET ferme_at = greatest(ouvert_at, :maintenant) WHERE id = :id AND ferme_at IS NULL;

-- name: lister_responsables
-- Managers in post on a platform who can be written to.
SELECT id FROM pdp.agent
WHERE plateforme_id = :plateforme AND role = 'responsable' AND courriel IS NOT NULL AND actif_du <= :jour AND (actif_au IS NULL OR actif_au >= :jour)
ORDER BY id;

-- name: lister_incidents
-- Open incidents first, then those closed since a day, latest first.
SELECT id, sonde, cible, nombre, depuis_at, limite_at, ouvert_at, vu_at, ferme_at FROM pdp.incident
WHERE ferme_at IS NULL OR ferme_at >= :depuis
ORDER BY (ferme_at IS NOT NULL), coalesce(ferme_at, ouvert_at) DESC, sonde, cible;

-- name: lire_bandeau
-- When the watch last looked at this platform, and how many rare acts of this platform wait for the decision of a person.
SELECT (SELECT max(instant_metier) FROM pdp.passage
        WHERE dag = 'pdp_guet' AND tache = 'guetter' AND fin_at IS NOT NULL AND detail ->> 'plateforme' = (SELECT securite.plateforme_courante())) AS guet_at,
    (SELECT count(*) FROM pdp.porte g WHERE g.decision IS NULL AND g.plateforme_id = (SELECT securite.plateforme_courante()) AND NOT EXISTS (
        SELECT 1 FROM pdp.redistribution r WHERE g.genre = 'reaffectation' AND r.id::text = g.objet AND r.annulee_at IS NOT NULL)) AS decisions;

-- name: lire_rattrapage
-- People seen late after each outage of the detection: how many, how late, how many still wait for their first call, when the last one ended.
-- Days are those of the platform.
SELECT n.de, n.a, count(p.id)::integer AS personnes,
    coalesce(max((p.connu_at AT TIME ZONE :fuseau)::date - p.survenu_le), 0)::integer AS retard_max,
    coalesce(round(percentile_cont(0.5) WITHIN GROUP (ORDER BY (p.connu_at AT TIME ZONE :fuseau)::date - p.survenu_le)), 0)::integer
        AS retard_median,
    count(p.id) FILTER (WHERE c.attend)::integer AS a_joindre,
    max(c.ferme_at) AS dernier_at
FROM unnest(cast(:pannes_de AS timestamptz[]), cast(:pannes_a AS timestamptz[])) AS n (de, a)
LEFT JOIN pdp.parcours p ON p.connu_at >= n.a AND p.connu_at < n.a + interval '1 day' AND p.survenu_le >= (n.de AT TIME ZONE :fuseau)::date
    AND p.survenu_le < (n.a AT TIME ZONE :fuseau)::date
LEFT JOIN LATERAL (
    SELECT p.clos_at IS NULL AND bool_or(t.fermee_at IS NULL) AS attend, max(t.fermee_at) AS ferme_at
    FROM pdp.tache t WHERE t.parcours_id = p.id AND t.motif = 'premier_appel'
) c ON true
GROUP BY n.de, n.a
ORDER BY n.a DESC;

-- name: compter_en_attente
-- People of the platform who came due since a day and whom no detection has looked at.
SELECT count(*)::integer AS personnes, min(le) AS premiere_le FROM pdp.echeance_detection WHERE le <= :jour;

-- name: lister_migrations
-- What was applied.
SELECT nom FROM public.migration;

-- name: dernier_balayage
-- Last end of any task, and the time it is for the database.
SELECT (SELECT max(fin_at) FROM pdp.passage WHERE debut_at >= clock_timestamp() - interval '8 days') AS dernier_at, clock_timestamp() AS maintenant_at;
