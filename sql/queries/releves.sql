-- Digests of alerts to the médecins-conseils.

-- name: verrouiller
-- One composition at a time on a platform, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('releve'), hashtext(:plateforme));

-- name: lister_medecins
-- Médecins-conseils in service that day, and whether each is there.
SELECT a.id, NOT EXISTS (SELECT 1 FROM pdp.absence_agent x WHERE x.agent_id = a.id AND :jour BETWEEN x.du AND x.au) AS present
FROM pdp.agent a
WHERE a.plateforme_id = :plateforme AND a.role = 'medecin_conseil' AND a.actif_du <= :jour AND (a.actif_au IS NULL OR :jour <= a.actif_au)
ORDER BY a.numero;

-- name: lister_responsables
-- Managers in service that day.
SELECT a.id FROM pdp.agent a
WHERE a.plateforme_id = :plateforme AND a.role = 'responsable' AND a.actif_du <= :jour AND (a.actif_au IS NULL OR :jour <= a.actif_au)
ORDER BY a.numero;

-- name: lister_ouvertes
-- Open alerts with the doctor who decided the file, and each doctor told: since which day, read or not. The digest of today is not counted.
SELECT al.id, al.assure_id, al.famille, al.connu_at, al.echeance_le, s.decide_par AS suivi_par,
    coalesce(dite.medecins, '{}') AS medecins, dite.dernier_jour, coalesce(dite.lue, false) AS lue
FROM pdp.alerte al
LEFT JOIN pdp.parcours p ON p.id = al.parcours_id
LEFT JOIN pdp.signalement s ON s.id = p.signalement_id AND s.mode_decision = 'mc'
LEFT JOIN LATERAL (
    SELECT array_agg(x.agent_id ORDER BY x.premier_at, x.agent_id) AS medecins, max(x.premier_jour) AS dernier_jour, bool_or(x.lue) AS lue
    FROM (
        SELECT r.agent_id, min(r.compose_at) AS premier_at, min(r.jour) AS premier_jour, bool_or(r.lu_at IS NOT NULL) AS lue
        FROM pdp.releve_alerte ra JOIN pdp.releve r ON r.id = ra.releve_id
        WHERE ra.alerte_id = al.id AND NOT (r.niveau = 'quotidien' AND r.jour = :jour)
        GROUP BY r.agent_id
    ) x
) dite ON true
WHERE al.plateforme_id = :plateforme AND al.decide_at IS NULL
ORDER BY al.connu_at, al.id;

-- name: lister_urgentes
-- Open alerts about safety: when raised, whether doctors were told at once, whether one read.
SELECT al.id, al.connu_at,
    EXISTS (SELECT 1 FROM pdp.releve r WHERE r.plateforme_id = al.plateforme_id AND r.niveau = 'urgent' AND r.cause = al.id::text) AS dite,
    EXISTS (SELECT 1 FROM pdp.releve r WHERE r.plateforme_id = al.plateforme_id AND r.niveau = 'responsable' AND r.cause = al.id::text) AS remontee,
    EXISTS (SELECT 1 FROM pdp.releve_alerte ra JOIN pdp.releve r ON r.id = ra.releve_id WHERE ra.alerte_id = al.id AND r.lu_at IS NOT NULL) AS lue
FROM pdp.alerte al
WHERE al.plateforme_id = :plateforme AND al.famille = 'securite' AND al.decide_at IS NULL
ORDER BY al.connu_at, al.id;

-- name: is_compose
-- Whether the digest of the day was composed.
SELECT EXISTS (SELECT 1 FROM pdp.releve WHERE plateforme_id = :plateforme AND jour = :jour AND cause = 'jour');

-- name: composer
-- One digest; the same person, day, level and cause yields no row.
INSERT INTO pdp.releve (plateforme_id, agent_id, jour, niveau, cause, a_decider, urgentes, echeances, relayees, en_attente, compose_at)
VALUES (:plateforme, :agent, :jour, :niveau, :cause, :a_decider, :urgentes, :echeances, :relayees, :en_attente, :maintenant)
ON CONFLICT (agent_id, jour, niveau, cause) DO NOTHING
RETURNING id;

-- name: citer
-- The alerts that a digest tells.
INSERT INTO pdp.releve_alerte (releve_id, alerte_id, plateforme_id)
SELECT :releve, a.id, :plateforme FROM unnest(cast(:alertes AS uuid[])) AS a (id)
ON CONFLICT DO NOTHING;

-- name: marquer_lus
-- Digests that this doctor had not read; with an alert, only those that tell it.
UPDATE pdp.releve r SET lu_at = greatest(cast(:maintenant AS timestamptz), r.compose_at)
WHERE r.agent_id = :agent AND r.lu_at IS NULL AND r.niveau <> 'responsable'
    AND (cast(:alertes AS uuid[]) IS NULL
        OR EXISTS (SELECT 1 FROM pdp.releve_alerte ra WHERE ra.releve_id = r.id AND ra.alerte_id = ANY (cast(:alertes AS uuid[]))))
RETURNING r.id;

-- name: trouver_du_jour
-- Daily digest of a doctor for the day it is where the platform is.
SELECT r.id, r.a_decider, r.urgentes, r.echeances, r.relayees, r.en_attente, r.compose_at, r.lu_at
FROM pdp.releve r JOIN pdp.plateforme f ON f.id = r.plateforme_id
WHERE r.agent_id = :agent AND r.jour = (cast(:maintenant AS timestamptz) AT TIME ZONE f.fuseau)::date AND r.niveau = 'quotidien';

-- name: compter_non_lus
-- Digests told to this doctor and not read.
SELECT count(*) FROM pdp.releve r WHERE r.agent_id = :agent AND r.lu_at IS NULL AND r.niveau <> 'responsable';

-- name: compter_remontees
-- What the managers were told last: how many cards nobody read in time, whatever the level of urgency.
SELECT r.jour, max(r.a_decider) AS nombre FROM pdp.releve r
WHERE r.niveau = 'responsable' AND r.jour > :depuis GROUP BY r.jour ORDER BY r.jour DESC LIMIT 1;
