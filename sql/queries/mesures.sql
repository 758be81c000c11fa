-- name: envois_dus
-- Messages that are due, by transport; letters, files and what a gate holds wait for somebody else.
SELECT o.plateforme_id AS platform, o.canal AS channel, count(*)::float AS valeur FROM pdp.outbox o
WHERE o.etat IN ('a_envoyer', 'en_cours') AND o.prochain_essai_at <= :maintenant AND o.canal NOT IN ('courrier', 'csv')
    AND (o.partenaire_id IS NULL OR NOT EXISTS (  -- waits for a person, who is asked: nothing to repair
        SELECT 1 FROM pdp.porte g WHERE g.genre = 'premier_envoi' AND g.objet = o.partenaire_id::text AND g.utilisee_at IS NULL
            AND g.perimee_at IS NULL AND g.decision IS DISTINCT FROM 'acceptee'))
GROUP BY o.plateforme_id, o.canal;

-- name: age_des_envois
-- How long the oldest due message has been waiting, partners that do not answer apart.
SELECT o.plateforme_id AS platform, CASE WHEN o.type = 'avis_interne' THEN 'staff' WHEN o.partenaire_id IS NULL THEN 'insured' ELSE 'partners' END AS recipient,
    extract(epoch FROM :maintenant - min(o.prochain_essai_at))::float AS valeur
FROM pdp.outbox o
WHERE o.etat IN ('a_envoyer', 'en_cours') AND o.prochain_essai_at <= :maintenant AND o.canal NOT IN ('courrier', 'csv')
    AND NOT EXISTS (SELECT 1 FROM pdp.circuit_partenaire c WHERE c.partenaire_id = o.partenaire_id AND c.coupe_at IS NOT NULL)
    AND (o.partenaire_id IS NULL OR NOT EXISTS (  -- waits for a person, who is asked: nothing to repair
        SELECT 1 FROM pdp.porte g WHERE g.genre = 'premier_envoi' AND g.objet = o.partenaire_id::text AND g.utilisee_at IS NULL
            AND g.perimee_at IS NULL AND g.decision IS DISTINCT FROM 'acceptee'))
GROUP BY 1, 2;

-- name: envois_en_echec
-- Messages given up or doubtful whose last attempt is less than seven days old.
SELECT plateforme_id AS platform, canal AS channel, etat AS state, count(*)::float AS valeur FROM pdp.outbox
WHERE etat IN ('rebut', 'incertain') AND prochain_essai_at >= :maintenant - interval '7 days'
GROUP BY plateforme_id, canal, etat;

-- name: partenaires_coupes
-- Partners for whom nothing leaves.
SELECT plateforme_id AS platform, count(*)::float AS valeur FROM pdp.circuit_partenaire WHERE coupe_at IS NOT NULL GROUP BY plateforme_id;

-- name: reponses_en_attente
-- Answers of partners that no sweep has applied yet.
SELECT plateforme_id AS platform, count(*)::float AS valeur FROM pdp.inbox WHERE traite_at IS NULL GROUP BY plateforme_id;

-- name: age_des_flux
-- How old the last file taken of each feed is.
SELECT flux AS feed, extract(epoch FROM :maintenant - max(recu_at))::float AS valeur FROM pdp.flux_fichier WHERE etat = 'charge' GROUP BY flux;

-- name: age_des_balayages
-- How long ago each task last succeeded, on the clock of the machine.
SELECT dag, tache AS task, extract(epoch FROM clock_timestamp() - max(fin_at))::float AS valeur FROM pdp.passage
WHERE debut_at >= clock_timestamp() - interval '8 days' AND fin_at IS NOT NULL
GROUP BY dag, tache;

-- name: duree_des_balayages
-- How long the last success of each task took.
SELECT DISTINCT ON (dag, tache) dag, tache AS task, extract(epoch FROM fin_at - debut_at)::float AS valeur FROM pdp.passage
WHERE debut_at >= clock_timestamp() - interval '8 days' AND fin_at IS NOT NULL
ORDER BY dag, tache, fin_at DESC;

-- name: balayages_inacheves
-- Tasks that started more than an hour ago and never ended, killed or stuck, while no later run of the same task ended everywhere: that one did the rest.
SELECT p.dag, p.tache AS task, count(*)::float AS valeur FROM pdp.passage p
WHERE p.debut_at BETWEEN clock_timestamp() - interval '8 days' AND clock_timestamp() - interval '1 hour' AND p.fin_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM pdp.passage q WHERE q.dag = p.dag AND q.tache = p.tache AND q.instant_metier > p.instant_metier AND q.fin_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM pdp.passage r WHERE r.dag = q.dag AND r.tache = q.tache AND r.instant_metier = q.instant_metier AND r.fin_at IS NULL))
GROUP BY p.dag, p.tache;

-- name: detections_dues
-- People who have come due and whom no detection has looked at yet, on the day it is where their platform is. Platform by platform, so that the
-- index gives those that are due without reading the others.
SELECT f.id AS platform, d.nombre::float AS valeur
FROM pdp.plateforme f
CROSS JOIN LATERAL (
    SELECT count(*) AS nombre FROM pdp.echeance_detection e
    WHERE e.plateforme_id = f.id AND e.le <= (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date
) d;

-- name: quarantaine
-- Refused lines that nobody settled; those of no platform too.
SELECT coalesce(plateforme_id, 'none') AS platform, count(*)::float AS valeur FROM identite.quarantaine WHERE resolue_at IS NULL GROUP BY plateforme_id;

-- name: taches_en_retard
-- Open reasons past their deadline.
SELECT plateforme_id AS platform, motif AS reason, count(*)::float AS valeur FROM pdp.tache
WHERE fermee_at IS NULL AND echeance_at < :maintenant
GROUP BY plateforme_id, motif;

-- name: parcours_ouverts
-- Open parcours by status.
SELECT plateforme_id AS platform, statut AS status, count(*)::float AS valeur FROM pdp.parcours WHERE clos_at IS NULL GROUP BY plateforme_id, statut;

-- name: blocages
-- Parcours stuck, by code of the catalogue.
SELECT plateforme_id AS platform, code, count(*)::float AS valeur FROM pdp.blocage WHERE leve_at IS NULL GROUP BY plateforme_id, code;

-- name: alertes_ouvertes
-- Alerts that wait for a decision, by theme: their kind is the doctor's.
SELECT plateforme_id AS platform, famille AS theme, count(*)::float AS valeur FROM pdp.alerte WHERE decide_at IS NULL GROUP BY plateforme_id, famille;

-- name: incidents_ouverts
-- What the watch of the platform found and that lasts.
SELECT plateforme_id AS platform, sonde AS probe, count(*)::float AS valeur FROM pdp.incident WHERE ferme_at IS NULL GROUP BY plateforme_id, sonde;
