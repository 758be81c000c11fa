-- name: lister_ouvertures
-- Parcours open since a day, by days of opening, first call, first time reached and end. A call is the reason that its result closed.
SELECT d.ouvert_le, d.premier_le, d.joint_le, d.clos_le, count(*)::integer AS nombre
FROM (
    SELECT (p.decide_at AT TIME ZONE :fuseau)::date AS ouvert_le, (min(t.fermee_at) AT TIME ZONE :fuseau)::date AS premier_le,
        (min(t.fermee_at) FILTER (WHERE t.issue = ANY (cast(:aboutis AS text[]))) AT TIME ZONE :fuseau)::date AS joint_le,
        (p.clos_at AT TIME ZONE :fuseau)::date AS clos_le
    FROM pdp.parcours p
    LEFT JOIN pdp.tache t ON t.parcours_id = p.id AND t.fermee_at IS NOT NULL AND t.issue = ANY (cast(:resultats AS text[]))
    WHERE p.plateforme_id = :plateforme AND (p.clos_at IS NULL OR p.clos_at >= cast(:depuis AS date))
        AND coalesce(p.cloture_motif, '') NOT IN ('doublon', 'erreur')
    GROUP BY p.id
) d
GROUP BY d.ouvert_le, d.premier_le, d.joint_le, d.clos_le
ORDER BY d.ouvert_le, d.premier_le, d.joint_le, d.clos_le;

-- name: lister_appels
-- Calls by day since a day, and those that reached the person; several reasons closed at one instant are one call.
SELECT a.jour, count(*)::integer AS nombre, (count(*) FILTER (WHERE a.abouti))::integer AS aboutis
FROM (
    SELECT DISTINCT t.parcours_id, t.fermee_at, (t.fermee_at AT TIME ZONE :fuseau)::date AS jour,
        t.issue = ANY (cast(:aboutis AS text[])) AS abouti
    FROM pdp.tache t
    WHERE t.plateforme_id = :plateforme AND t.fermee_at >= cast(:depuis AS date) AND t.issue = ANY (cast(:resultats AS text[]))
) a
GROUP BY a.jour
ORDER BY a.jour;

-- name: lister_rendez_vous
-- Télé-échanges from a day on, by day of planning, day and state.
SELECT (x.planifie_at AT TIME ZONE :fuseau)::date AS planifie_le, (x.debut_at AT TIME ZONE :fuseau)::date AS debut_le, x.statut,
    count(*)::integer AS nombre
FROM pdp.tele_echange x
WHERE x.plateforme_id = :plateforme AND x.debut_at >= cast(:depuis AS date)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3;

-- name: lister_membres
-- Coordinators in service on some day since a day, with their days away: absences, and redistributions that nobody has undone. A departure that
-- a manager confirmed ends the service, whatever the list of agents says.
SELECT g.quotite, g.actif_du, f.actif_au,
    coalesce((
        SELECT jsonb_agg(jsonb_build_array(v.du, v.au) ORDER BY v.du, v.au)
        FROM (
            SELECT q.du, q.au FROM pdp.absence_agent q WHERE q.agent_id = g.id AND q.au >= :depuis
            UNION
            SELECT r.du, r.au FROM pdp.redistribution r WHERE r.agent_id = g.id AND r.annulee_at IS NULL AND r.au >= :depuis
        ) v
    ), '[]') AS absences
FROM pdp.agent g
CROSS JOIN LATERAL (
    SELECT least(g.actif_au, (SELECT min(d.du) - 1 FROM pdp.redistribution d WHERE d.agent_id = g.id AND d.au IS NULL AND d.annulee_at IS NULL)) AS actif_au
) f
WHERE g.plateforme_id = :plateforme AND g.role = 'csam' AND (f.actif_au IS NULL OR f.actif_au >= :depuis)
ORDER BY g.numero;
