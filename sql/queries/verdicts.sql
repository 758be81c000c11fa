-- What workers think of the detections, and the precision of each rule that follows.

-- name: lock_signalement
-- One verdict at a time on a signalement, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('verdict'), hashtext(cast(:signalement AS text)));

-- name: find_signalement
-- The signalement, its person and the parcours it speaks of: the one this agent follows first, then the open one.
SELECT s.id, s.plateforme_id, s.assure_id, p.id AS parcours_id, coalesce(p.csam_id = :agent, false) AS suivi_par_lui
FROM pdp.signalement s
LEFT JOIN LATERAL (
    SELECT q.id, q.csam_id FROM pdp.parcours q WHERE q.assure_id = s.assure_id
    ORDER BY (q.csam_id = :agent) IS NOT TRUE, q.clos_at IS NOT NULL, q.decide_at DESC, q.id LIMIT 1
) p ON true
WHERE s.id = :signalement;

-- name: find_verdict
-- The verdict of one agent that still holds.
SELECT v.id, v.signalement_id, v.verdict, v.motif, v.note, v.rendu_at
FROM pdp.verdict_detection v
WHERE v.signalement_id = :signalement AND v.agent_id = :agent AND v.annule_at IS NULL;

-- name: list_verdicts
-- Verdicts on a signalement that still hold, latest first, with who gave them.
SELECT v.id, v.verdict, v.motif, v.note, v.rendu_at, v.agent_id, a.prenom AS agent_prenom, a.nom AS agent_nom
FROM pdp.verdict_detection v JOIN pdp.agent a ON a.id = v.agent_id
WHERE v.signalement_id = :signalement AND v.annule_at IS NULL
ORDER BY v.rendu_at DESC, v.id;

-- name: insert_verdict
-- One verdict per agent and signalement holds at a time.
INSERT INTO pdp.verdict_detection (plateforme_id, signalement_id, agent_id, verdict, motif, note, rendu_at)
VALUES (:plateforme, :signalement, :agent, :verdict, :motif, :note, :maintenant)
RETURNING id;

-- name: cancel_verdict
-- Taken back: kept, but counted no more.
UPDATE pdp.verdict_detection SET annule_at = :maintenant WHERE signalement_id = :signalement AND agent_id = :agent AND annule_at IS NULL RETURNING id;

-- name: list_precision
-- Per rule and version: signalements shown to somebody, judged, judged pertinent; a signalement counts once, by its latest verdict.
SELECT m.regle, m.regle_version, count(*) AS signales, count(j.verdict) AS juges,
       count(*) FILTER (WHERE j.verdict = 'pertinente') AS pertinents,
       (SELECT r.phrase FROM referentiel.regle r WHERE r.cle = m.regle AND r.version = m.regle_version ORDER BY r.plateforme_id NULLS FIRST, r.du DESC LIMIT 1)
           AS phrase
FROM pdp.signalement_motif m
JOIN pdp.signalement s ON s.id = m.signalement_id
LEFT JOIN LATERAL (
    SELECT v.verdict FROM pdp.verdict_detection v WHERE v.signalement_id = s.id AND v.annule_at IS NULL ORDER BY v.rendu_at DESC, v.id LIMIT 1
) j ON true
WHERE s.statut NOT IN ('veille', 'remplace') OR j.verdict IS NOT NULL
GROUP BY m.regle, m.regle_version
ORDER BY m.regle, m.regle_version;

-- name: list_motifs_non_pertinents
-- Why detections were judged not pertinent, per rule and version.
SELECT m.regle, m.regle_version, j.motif, count(*) AS nombre
FROM pdp.signalement_motif m
JOIN LATERAL (
    SELECT v.verdict, v.motif FROM pdp.verdict_detection v
    WHERE v.signalement_id = m.signalement_id AND v.annule_at IS NULL ORDER BY v.rendu_at DESC, v.id LIMIT 1
) j ON j.verdict = 'non_pertinente'
GROUP BY m.regle, m.regle_version, j.motif
ORDER BY m.regle, m.regle_version, count(*) DESC, j.motif;
