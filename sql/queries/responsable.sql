-- name: list_equipe
-- Load of each coordinator active on a day: open parcours, late reasons held by the coordinator, appointments ahead, current or next absence.
SELECT g.id, g.nom, g.prenom, g.quotite, g.territoire,
       (SELECT count(*) FROM pdp.parcours p WHERE p.csam_id = g.id AND p.clos_at IS NULL) AS ouverts,
       (SELECT count(*) FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id
        WHERE p.csam_id = g.id AND p.clos_at IS NULL AND t.fermee_at IS NULL AND t.balle = 'csam' AND t.echeance_at < :maintenant) AS en_retard,
       (SELECT count(*) FROM pdp.tele_echange x
        WHERE x.csam_id = g.id AND x.statut IN ('planifie', 'confirme') AND x.debut_at >= :maintenant) AS tele_echanges,
       ab.du AS absence_du, ab.au AS absence_au, ab.motif AS absence_motif
FROM pdp.agent g
LEFT JOIN LATERAL (
    SELECT q.du, q.au, q.motif FROM pdp.absence_agent q WHERE q.agent_id = g.id AND q.au >= :jour ORDER BY q.du LIMIT 1
) ab ON true
WHERE g.role = 'csam' AND g.actif_du <= :jour AND (g.actif_au IS NULL OR g.actif_au >= :jour)
ORDER BY g.nom, g.prenom, g.id;

-- name: list_non_affectes
-- Open parcours that nobody follows, highest priority first.
SELECT p.id, p.priorite, p.connu_at, p.decide_at
FROM pdp.parcours p
WHERE p.clos_at IS NULL AND p.csam_id IS NULL
ORDER BY p.priorite DESC, p.decide_at
LIMIT :limite;

-- name: count_non_affectes
-- How many open parcours nobody follows.
SELECT count(*) AS nombre FROM pdp.parcours p WHERE p.clos_at IS NULL AND p.csam_id IS NULL;

-- name: count_parcours_sans_presence
-- Open parcours followed by somebody who left, by the list of agents or by a departure that a manager confirmed, or is away on a day.
SELECT count(*) AS nombre
FROM pdp.parcours p JOIN pdp.agent g ON g.id = p.csam_id
WHERE p.clos_at IS NULL
  AND ((g.actif_au IS NOT NULL AND g.actif_au < :jour)
       OR EXISTS (SELECT 1 FROM pdp.redistribution r WHERE r.agent_id = g.id AND r.au IS NULL AND r.du <= :jour AND r.annulee_at IS NULL)
       OR EXISTS (SELECT 1 FROM pdp.absence_agent q WHERE q.agent_id = g.id AND q.du <= :jour AND q.au >= :jour));

-- name: list_retards
-- Late open reasons by motif and holder of the ball, most numerous first.
SELECT t.motif, t.balle, count(*) AS nombre, min(t.echeance_at) AS plus_ancienne_at
FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id
WHERE t.fermee_at IS NULL AND p.clos_at IS NULL AND t.echeance_at < :maintenant
GROUP BY t.motif, t.balle
ORDER BY count(*) DESC, t.motif;

-- name: list_retards_detail
-- Late open reasons of one motif, with the opaque id of each parcours, longest late first.
SELECT t.parcours_id, t.echeance_at, t.balle, g.nom AS csam_nom, g.prenom AS csam_prenom
FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id
LEFT JOIN pdp.agent g ON g.id = p.csam_id
WHERE t.fermee_at IS NULL AND p.clos_at IS NULL AND t.motif = :motif AND t.echeance_at < :maintenant
ORDER BY t.echeance_at
LIMIT 100;

-- name: list_partenaires_muets
-- Partners who are late on their turn, with how many hand-overs wait, since when, reminders made, and hand-overs that expired since :depuis.
SELECT p.id, p.nom, p.type, count(*) FILTER (WHERE c.en_retard)::integer AS nombre, min(c.due_le) FILTER (WHERE c.en_retard) AS plus_ancienne_le,
    coalesce(sum(o.relances) FILTER (WHERE c.en_retard), 0)::integer AS relances, count(*) FILTER (WHERE o.statut = 'expiree')::integer AS expirees
FROM pdp.orientation o
JOIN pdp.partenaire p ON p.id = o.partenaire_id
JOIN pdp.plateforme f ON f.id = o.plateforme_id
CROSS JOIN LATERAL (
    SELECT coalesce((o.echeance_at AT TIME ZONE f.fuseau)::date, o.reponse_attendue_le) AS due_le,
        CASE WHEN o.etape IS NULL THEN o.statut IN ('envoyee', 'recue') AND o.reponse_attendue_le < :jour
            ELSE o.balle = 'partenaire' AND o.echeance_at < :maintenant END AS en_retard
) c
WHERE c.en_retard OR (o.statut = 'expiree' AND o.close_at >= :depuis)
GROUP BY p.id, p.nom, p.type
ORDER BY count(*) FILTER (WHERE c.en_retard) DESC, p.nom;

-- name: list_parcours_silencieux
-- Open parcours with no open reason at all: nobody would come back to them.
SELECT p.id, p.statut, p.dernier_evenement_at, g.nom AS csam_nom, g.prenom AS csam_prenom
FROM pdp.parcours p LEFT JOIN pdp.agent g ON g.id = p.csam_id
WHERE p.clos_at IS NULL AND p.csam_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at IS NULL)
ORDER BY p.dernier_evenement_at
LIMIT 100;

-- name: list_alertes_en_attente
-- When each alert the médecin-conseil has not decided was raised, oldest first.
SELECT a.connu_at FROM pdp.alerte a WHERE a.decide_at IS NULL ORDER BY a.connu_at;

-- name: list_messages_bloques
-- Messages that did not reach their recipient, by state and channel.
SELECT o.etat, o.canal, o.dernier_code, count(*) AS nombre
FROM pdp.outbox o
WHERE o.etat IN ('rebut', 'incertain')
GROUP BY o.etat, o.canal, o.dernier_code
ORDER BY count(*) DESC, o.etat, o.canal;

-- name: list_fichiers
-- Files received, latest first.
SELECT f.flux, f.nom, f.lignes, f.admises, f.inchangees, f.rejetees, f.etat, f.motif, f.recu_at
FROM pdp.flux_fichier f
ORDER BY f.recu_at DESC, f.nom
LIMIT :limite;

-- name: list_fraicheur
-- Last file taken of each feed.
SELECT f.flux, max(f.recu_at) FILTER (WHERE f.etat = 'charge') AS dernier_at, max(f.recu_at) FILTER (WHERE f.etat = 'refuse') AS dernier_refus_at
FROM pdp.flux_fichier f
GROUP BY f.flux
ORDER BY f.flux;

-- name: list_passages
-- DAG runs that concern the platform, latest first: of one run when it is named, else those that had an effect, unless all are asked for.
SELECT p.id, p.dag, p.tache, p.instant_metier, p.debut_at, p.fin_at, p.traites, p.ignores, p.echoues, p.detail
FROM pdp.passage p
WHERE coalesce(p.detail ->> 'plateforme', (SELECT securite.plateforme_courante())) = (SELECT securite.plateforme_courante())
    AND (cast(:dag AS text) IS NULL OR p.dag = :dag)
    AND (cast(:run AS text) IS NULL OR split_part(p.id, '/', 2) = :run)
    AND (:tout OR cast(:run AS text) IS NOT NULL OR p.fin_at IS NULL OR p.traites + p.echoues > 0)
ORDER BY p.debut_at DESC, p.id
LIMIT :limite;

-- name: find_passage
-- One DAG run.
SELECT p.id, p.dag, p.tache, p.instant_metier, p.debut_at, p.fin_at, p.traites, p.ignores, p.echoues, p.detail
FROM pdp.passage p
WHERE p.id = :passage_id;

-- name: count_evenements_passage
-- What a DAG run wrote in the journal, by event, on the platform of the signed context.
SELECT e.evenement, count(*) AS nombre, count(DISTINCT e.parcours_id) AS parcours
FROM journal.evenement e
WHERE e.passage_id = :passage_id
GROUP BY e.evenement
ORDER BY count(*) DESC, e.evenement;

-- name: list_parcours_passage
-- Opaque ids of the parcours a DAG run touched, with what was done to each.
SELECT e.parcours_id, array_agg(DISTINCT e.evenement) AS evenements
FROM journal.evenement e
WHERE e.passage_id = :passage_id AND e.parcours_id IS NOT NULL
GROUP BY e.parcours_id
ORDER BY min(e.id)
LIMIT :limite;

-- name: find_parcours
-- One parcours without its person.
SELECT p.id, p.statut, p.priorite, p.survenu_le, p.connu_at, p.decide_at, p.dernier_evenement_at, p.clos_at, p.cloture_motif,
       g.nom AS csam_nom, g.prenom AS csam_prenom, f.motif AS affectation_motif
FROM pdp.parcours p
LEFT JOIN pdp.agent g ON g.id = p.csam_id
LEFT JOIN pdp.affectation f ON f.parcours_id = p.id AND f.au IS NULL
WHERE p.id = :parcours_id;

-- name: list_taches_parcours
-- Open reasons of one parcours, earliest deadline first; their notes are not granted to the manager.
SELECT t.motif, t.balle, t.echeance_at, t.ouverte_at
FROM pdp.tache t
WHERE t.parcours_id = :parcours_id AND t.fermee_at IS NULL
ORDER BY t.echeance_at;

-- name: list_evenements_parcours
-- History of one parcours, latest first, with the DAG run of automatic acts.
SELECT e.survenu_at, e.evenement, e.auteur_role, e.passage_id
FROM journal.evenement e
WHERE e.parcours_id = :parcours_id
ORDER BY e.id DESC
LIMIT 100;

-- name: list_orientations_parcours
-- Hand-overs of one parcours: to whom and where they stand, never their content.
SELECT p.nom AS partenaire, o.dispositif, o.statut, o.envoyee_at, o.reponse_attendue_le
FROM pdp.orientation o JOIN pdp.partenaire p ON p.id = o.partenaire_id
WHERE o.parcours_id = :parcours_id
ORDER BY o.proposee_at DESC;

-- name: list_agents
-- Staff a manager may enter an absence for, on a day.
SELECT g.id, g.nom, g.prenom, g.role
FROM pdp.agent g
WHERE g.role IN ('csam', 'medecin_conseil') AND (g.actif_au IS NULL OR g.actif_au >= :jour)
ORDER BY g.nom, g.prenom, g.id;

-- name: list_absences
-- Absences under way and ahead, with the appointments that fall in them.
SELECT q.id, q.agent_id, q.du, q.au, q.motif, g.nom, g.prenom, g.role,
       (SELECT count(*) FROM pdp.tele_echange x JOIN pdp.plateforme f ON f.id = x.plateforme_id
        WHERE x.csam_id = q.agent_id AND x.statut IN ('planifie', 'confirme') AND x.debut_at >= :maintenant
          AND (x.debut_at AT TIME ZONE f.fuseau)::date BETWEEN q.du AND q.au) AS conflits
FROM pdp.absence_agent q JOIN pdp.agent g ON g.id = q.agent_id
WHERE q.au >= :jour
ORDER BY q.du, g.nom, g.prenom;

-- name: list_tele_echanges_touches
-- Appointments ahead of one agent that fall between two days, local time of the platform.
SELECT x.parcours_id, x.debut_at, x.canal, x.statut
FROM pdp.tele_echange x JOIN pdp.plateforme f ON f.id = x.plateforme_id
WHERE x.csam_id = :agent_id AND x.statut IN ('planifie', 'confirme') AND x.debut_at >= :maintenant
  AND (x.debut_at AT TIME ZONE f.fuseau)::date BETWEEN :du AND :au
ORDER BY x.debut_at;

-- name: upsert_absence
-- One absence per agent and first day; the same first day again corrects the end and the motif.
INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au, motif)
SELECT g.plateforme_id, g.id, :du, :au, :motif
FROM pdp.agent g
WHERE g.id = :agent_id
ON CONFLICT (agent_id, du) DO UPDATE SET au = excluded.au, motif = excluded.motif
    WHERE (absence_agent.au, absence_agent.motif) IS DISTINCT FROM (excluded.au, excluded.motif);

-- name: find_agent
-- One agent of the platform of the signed context.
SELECT g.id, g.nom, g.prenom FROM pdp.agent g WHERE g.id = :agent_id;
