-- What a médecin-conseil reads of the alerts: cards (one person, one theme, one decision), what became of them. The day is the one it is where
-- the platform is, as for the digest that names it.

-- name: list_cartes
-- Open cards with all they say: safety first, then a legal deadline that nears, then the oldest; with ``du_jour``, those of the doctor's digest only.
WITH ici AS (
    SELECT (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date AS jour, f.fuseau FROM pdp.plateforme f WHERE f.id = (SELECT securite.plateforme_courante())
), carte AS (
    SELECT al.assure_id, al.famille, min(al.connu_at) AS connue_at,
        min(al.echeance_le) FILTER (WHERE al.echeance_le >= (SELECT jour FROM ici)) AS echeance_le,
        bool_or(cite.alerte_id IS NOT NULL) AS du_jour,
        jsonb_agg(jsonb_build_object('id', al.id, 'type', al.type, 'phrase', al.phrase, 'faits', al.faits, 'connu_at', al.connu_at)
            ORDER BY al.connu_at DESC, al.id) AS alertes,
        (array_agg(al.parcours_id ORDER BY al.connu_at DESC, al.id))[1] AS parcours_id
    FROM pdp.alerte al
    LEFT JOIN (SELECT DISTINCT ra.alerte_id FROM pdp.releve_alerte ra JOIN pdp.releve r ON r.id = ra.releve_id
        WHERE r.agent_id = :agent AND r.jour = (SELECT jour FROM ici) AND r.niveau <> 'responsable') cite ON cite.alerte_id = al.id
    WHERE al.decide_at IS NULL
    GROUP BY al.assure_id, al.famille
)
SELECT c.famille, c.connue_at, c.echeance_le, c.alertes, a.nom, a.prenom, a.date_naissance, p.statut AS parcours_statut,
    p.clos_at IS NOT NULL AS clos, p.signalement_id, g.nom AS csam_nom, g.prenom AS csam_prenom
FROM carte c
JOIN identite.assure a ON a.id = c.assure_id
LEFT JOIN pdp.parcours p ON p.id = c.parcours_id
LEFT JOIN pdp.agent g ON g.id = p.csam_id
WHERE NOT cast(:du_jour AS boolean) OR c.du_jour
ORDER BY c.famille <> 'securite', coalesce(c.echeance_le > (SELECT jour FROM ici) + cast(:proche AS integer), true), c.connue_at, c.assure_id
LIMIT :limite;

-- name: count_alertes
-- Open alerts, the cards they make, those of the doctor's digest of the day, the oldest, and alerts decided since this morning.
WITH ici AS (
    SELECT (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date AS jour, f.fuseau FROM pdp.plateforme f WHERE f.id = (SELECT securite.plateforme_courante())
), matin AS (
    SELECT ici.jour::timestamp AT TIME ZONE ici.fuseau AS depuis FROM ici
)
SELECT count(*) FILTER (WHERE al.decide_at IS NULL) AS ouvertes,
    count(DISTINCT (al.assure_id, al.famille)) FILTER (WHERE al.decide_at IS NULL) AS situations,
    count(DISTINCT (al.assure_id, al.famille)) FILTER (WHERE al.decide_at IS NULL AND cite.alerte_id IS NOT NULL) AS du_jour,
    min(al.connu_at) FILTER (WHERE al.decide_at IS NULL) AS plus_ancienne_at,
    count(*) FILTER (WHERE al.decide_at >= (SELECT depuis FROM matin) AND al.retiree_at IS NULL) AS decidees
FROM pdp.alerte al
LEFT JOIN (SELECT DISTINCT ra.alerte_id FROM pdp.releve_alerte ra JOIN pdp.releve r ON r.id = ra.releve_id
    WHERE r.agent_id = :agent AND r.jour = (SELECT jour FROM ici) AND r.niveau <> 'responsable') cite ON cite.alerte_id = al.id
WHERE al.decide_at IS NULL OR al.decide_at >= (SELECT depuis FROM matin);

-- name: list_decidees
-- Alerts decided since this morning, latest first.
WITH ici AS (
    SELECT (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date AS jour, f.fuseau FROM pdp.plateforme f WHERE f.id = (SELECT securite.plateforme_courante())
)
SELECT al.id, al.type, al.phrase, al.decision, al.decision_note, al.decide_at, a.nom, a.prenom, g.nom AS medecin_nom, g.prenom AS medecin_prenom
FROM pdp.alerte al
JOIN identite.assure a ON a.id = al.assure_id
LEFT JOIN pdp.agent g ON g.id = al.decide_par
WHERE al.decide_at >= (SELECT ici.jour::timestamp AT TIME ZONE ici.fuseau FROM ici) AND al.retiree_at IS NULL
ORDER BY al.decide_at DESC, al.id
LIMIT 50;

-- name: list_suites
-- What became of the alerts, per quarter of their day and kind: those taken back with the act that raised them are not counted.
SELECT date_trunc('quarter', al.connu_at AT TIME ZONE :fuseau)::date AS trimestre, al.type, count(*) AS recues, count(al.decide_at) AS decidees,
    count(*) FILTER (WHERE al.decision = ANY (cast(:actions AS text[]))) AS actions, count(*) FILTER (WHERE al.decision = 'sans_objet') AS sans_objet,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM al.decide_at - al.connu_at) / 86400)::double precision AS delai_median_jours
FROM pdp.alerte al
WHERE al.retiree_at IS NULL AND al.connu_at >= cast(:depuis AS date)::timestamp AT TIME ZONE :fuseau
GROUP BY 1, 2
ORDER BY 1 DESC, 2;

-- name: list_lectures
-- Digests of each quarter: composed, read, cards that went to a colleague.
SELECT date_trunc('quarter', r.jour::timestamp)::date AS trimestre, count(*) AS composes, count(r.lu_at) AS lus, coalesce(sum(r.relayees), 0) AS relayees
FROM pdp.releve r
WHERE r.niveau = 'quotidien' AND r.jour >= :depuis
GROUP BY 1
ORDER BY 1 DESC;
