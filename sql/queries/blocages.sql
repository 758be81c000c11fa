-- Stalls that no repair of the watch ends: found and said. Then how findings and looks are kept, and who reads them.

-- name: s02
-- Everything that is open waits, and comes back later than the policy lets anything wait, or waits for longer than it lets anything wait in all.
SELECT p.id AS parcours_id, 'attente' AS cause, min(t.attente_du_at) AS depuis_at
FROM pdp.parcours p
JOIN pdp.tache t ON t.parcours_id = p.id AND t.fermee_at IS NULL
WHERE p.plateforme_id = :plateforme AND p.clos_at IS NULL
GROUP BY p.id
HAVING bool_and(coalesce(t.attente_jusqu_au > :jour, false)) AND (
    min(t.attente_jusqu_au) > cast(:jour AS date) + cast(:attente_max_jours AS integer)
    OR bool_and(t.attente_cumul_jours + (cast(:jour AS date) - (t.attente_du_at AT TIME ZONE :fuseau)::date) > cast(:attente_totale_max_jours AS integer)))
ORDER BY p.id;

-- name: s04
-- Open parcours whose coordinator left, or is away beyond the date of what comes next; and what is due on a closed one when nobody could take it.
SELECT s.parcours_id, s.csam_id::text AS cause, coalesce((g.actif_au + 1)::timestamp AT TIME ZONE :fuseau,
    (SELECT min(r.du)::timestamp AT TIME ZONE :fuseau FROM pdp.redistribution r
     WHERE r.agent_id = s.csam_id AND r.au IS NULL AND r.du <= :jour AND r.annulee_at IS NULL),
    s.echeance_at) AS depuis_at
FROM pdp.suite_de_parcours(:maintenant) s
JOIN pdp.agent g ON g.id = s.csam_id
WHERE s.plateforme_id = :plateforme AND s.blocage = 'S04'
UNION ALL
SELECT p.id, p.csam_id::text, g.parti_le::timestamp AT TIME ZONE :fuseau
FROM (SELECT DISTINCT t.parcours_id FROM pdp.tache t WHERE t.plateforme_id = :plateforme AND t.fermee_at IS NULL) d
JOIN pdp.parcours p ON p.id = d.parcours_id AND p.clos_at IS NOT NULL
JOIN LATERAL (
    SELECT least(a.actif_au + 1, (SELECT min(r.du) FROM pdp.redistribution r WHERE r.agent_id = a.id AND r.au IS NULL AND r.annulee_at IS NULL)) AS parti_le
    FROM pdp.agent a WHERE a.id = p.csam_id
) g ON g.parti_le <= :jour
ORDER BY 1;

-- name: s05
-- Open parcours that nobody follows, for longer than the policy gives to assign.
SELECT p.id AS parcours_id, 'affectation' AS cause, p.decide_at AS depuis_at
FROM pdp.parcours p
WHERE p.plateforme_id = :plateforme AND p.clos_at IS NULL AND p.csam_id IS NULL AND (p.decide_at AT TIME ZONE :fuseau)::date <= :limite_affectation
ORDER BY p.id;

-- name: s06
-- The partner has the ball since the sending and its deadline is over.
SELECT o.parcours_id, o.id::text AS cause, c.due_at AS depuis_at
FROM pdp.orientation o
JOIN pdp.parcours p ON p.id = o.parcours_id AND p.clos_at IS NULL
CROSS JOIN LATERAL (SELECT CASE WHEN o.etape IS NULL THEN (o.reponse_attendue_le + 1)::timestamp AT TIME ZONE :fuseau ELSE o.echeance_at END AS due_at) c
WHERE o.plateforme_id = :plateforme AND o.statut IN ('envoyee', 'recue') AND (o.etape IS NULL OR o.balle = 'partenaire') AND c.due_at <= :maintenant
ORDER BY o.id;

-- name: s07
-- The partner accepted, and what it was to tell is overdue.
SELECT o.parcours_id, o.id::text AS cause, o.echeance_at AS depuis_at
FROM pdp.orientation o
JOIN pdp.parcours p ON p.id = o.parcours_id AND p.clos_at IS NULL
WHERE o.plateforme_id = :plateforme AND o.statut IN ('acceptee', 'en_cours') AND o.balle = 'partenaire' AND o.echeance_at <= :maintenant
ORDER BY o.id;

-- name: s09
-- Somebody waits for a slot to be opened.
SELECT t.parcours_id, t.cause, t.ouverte_at AS depuis_at
FROM pdp.tache t
JOIN pdp.parcours p ON p.id = t.parcours_id AND p.clos_at IS NULL
WHERE t.plateforme_id = :plateforme AND t.motif = 'ouvrir_creneaux' AND t.fermee_at IS NULL
ORDER BY t.id;

-- name: s10
-- A message that did not arrive, and nobody chose another way yet.
SELECT t.parcours_id, t.cause, t.ouverte_at AS depuis_at
FROM pdp.tache t
JOIN pdp.parcours p ON p.id = t.parcours_id AND p.clos_at IS NULL
WHERE t.plateforme_id = :plateforme AND t.motif = 'message_en_echec' AND t.fermee_at IS NULL
ORDER BY t.id;

-- name: s15
-- A relapse proposed to the coordinator, who has not answered.
SELECT t.parcours_id, t.cause, t.ouverte_at AS depuis_at
FROM pdp.tache t
WHERE t.plateforme_id = :plateforme AND t.motif = 'rechute' AND t.fermee_at IS NULL
ORDER BY t.id;

-- name: s16
-- An alert that nobody decided in time.
SELECT al.parcours_id, al.id::text AS cause, al.connu_at AS depuis_at
FROM pdp.alerte al
WHERE al.plateforme_id = :plateforme AND al.parcours_id IS NOT NULL AND al.decide_at IS NULL
    AND (al.connu_at AT TIME ZONE :fuseau)::date <= :limite_decision
ORDER BY al.id;

-- name: s17
-- A follow-up asked for and past its date.
SELECT t.parcours_id, t.motif || ':' || t.cause AS cause, t.echeance_at AS depuis_at
FROM pdp.tache t
WHERE t.plateforme_id = :plateforme AND t.motif IN ('suivi_m6', 'suivi_m12') AND t.fermee_at IS NULL AND t.echeance_at <= :maintenant
ORDER BY t.id;

-- name: s18
-- Two rows that look like one person, one of them followed, and nobody said whether they are.
SELECT p.id AS parcours_id, d.id::text AS cause, d.constate_at AS depuis_at
FROM pdp.doublon d
JOIN pdp.parcours p ON p.assure_id IN (d.garde_id, d.efface_id) AND p.clos_at IS NULL
WHERE d.plateforme_id = :plateforme AND d.etat = 'a_comparer'
ORDER BY d.id, p.id;

-- name: ouvrir
-- What is found for the first time is stuck since; what was already known keeps its row. A parcours that somebody holds now is not waited for.
INSERT INTO pdp.blocage (plateforme_id, code, parcours_id, cause, depuis_at, constate_at)
SELECT :plateforme, x.code, x.parcours_id, x.cause, least(x.depuis_at, :maintenant), :maintenant
FROM jsonb_to_recordset(cast(:constats AS jsonb)) AS x (code text, parcours_id uuid, cause text, depuis_at timestamptz)
JOIN (SELECT id FROM pdp.parcours
      WHERE id IN (SELECT y.parcours_id FROM jsonb_to_recordset(cast(:constats AS jsonb)) AS y (parcours_id uuid))
      FOR KEY SHARE SKIP LOCKED) p ON p.id = x.parcours_id
ON CONFLICT (parcours_id, code, cause) WHERE leve_at IS NULL DO NOTHING;

-- name: lever
-- What is no longer found is over.
UPDATE pdp.blocage b SET leve_at = :maintenant
WHERE b.plateforme_id = :plateforme AND b.leve_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM jsonb_to_recordset(cast(:constats AS jsonb)) AS x (code text, parcours_id uuid, cause text)
    WHERE x.parcours_id = b.parcours_id AND x.code = b.code AND x.cause = b.cause);

-- name: regarder
-- Each detector looked, and this is how many remain.
INSERT INTO pdp.regard (plateforme_id, code, cherche_at, trouves)
SELECT :plateforme, x.code, :maintenant, (
    SELECT count(DISTINCT b.parcours_id) FROM pdp.blocage b WHERE b.plateforme_id = :plateforme AND b.code = x.code AND b.leve_at IS NULL)
FROM unnest(cast(:codes AS text[])) AS x (code)
ON CONFLICT (plateforme_id, code) DO UPDATE SET cherche_at = greatest(regard.cherche_at, excluded.cherche_at), trouves = excluded.trouves;

-- name: noter_reparation
-- A stall that a repair just ended: the row known before, or a new one that says what was repaired.
WITH connue AS (
    UPDATE pdp.blocage SET repare_at = :maintenant, leve_at = :maintenant
    WHERE parcours_id = :parcours AND code = :code AND cause = :cause AND leve_at IS NULL
    RETURNING id
)
INSERT INTO pdp.blocage (plateforme_id, code, parcours_id, cause, depuis_at, constate_at, repare_at, leve_at)
SELECT :plateforme, :code, :parcours, :cause, least(cast(:depuis AS timestamptz), :maintenant), :maintenant, :maintenant, :maintenant
WHERE NOT EXISTS (SELECT 1 FROM connue);

-- name: terminer
-- A person ended it by one click, on the codes given.
UPDATE pdp.blocage SET repare_at = :maintenant, repare_par = :par, leve_at = :maintenant
WHERE parcours_id = :parcours AND code = :code AND leve_at IS NULL;

-- name: lister_regards
-- Last look of each detector on the platform of the signed context: what is stuck now, what was repaired since a day.
SELECT r.code, r.cherche_at,
    count(DISTINCT b.parcours_id) FILTER (WHERE b.leve_at IS NULL)::integer AS ouverts,
    count(b.id) FILTER (WHERE b.repare_at >= :depuis)::integer AS repares,
    min(b.depuis_at) FILTER (WHERE b.leve_at IS NULL) AS plus_ancien_at
FROM pdp.regard r
LEFT JOIN pdp.blocage b ON b.plateforme_id = r.plateforme_id AND b.code = r.code AND (b.leve_at IS NULL OR b.repare_at >= :depuis)
GROUP BY r.code, r.cherche_at
ORDER BY r.code;

-- name: lister_du_code
-- People stuck in one way, by opaque parcours, longest first: as last found, or come to a stop since, or repaired since a day. Each line says how
-- many are stuck in all, those over the limit included.
SELECT x.parcours_id, x.depuis_at, x.constate_at, x.repare_at, g.nom AS csam_nom, g.prenom AS csam_prenom,
    count(*) FILTER (WHERE x.ouvert) OVER () AS ensemble
FROM (
    SELECT b.parcours_id, b.depuis_at, b.constate_at, b.repare_at, b.leve_at IS NULL AS ouvert
    FROM pdp.blocage b WHERE b.code = :code AND (b.leve_at IS NULL OR b.repare_at >= :depuis)
    UNION ALL
    SELECT v.parcours_id, q.dernier_evenement_at, NULL, NULL, true
    FROM pdp.suite_de_parcours(:maintenant) v JOIN pdp.parcours q ON q.id = v.parcours_id
    WHERE v.blocage = :code AND :code IN ('S01', 'S03', 'S04')
        AND NOT EXISTS (SELECT 1 FROM pdp.blocage b WHERE b.parcours_id = v.parcours_id AND b.code = :code AND b.leve_at IS NULL)
) x
JOIN pdp.parcours p ON p.id = x.parcours_id
LEFT JOIN pdp.agent g ON g.id = p.csam_id
ORDER BY NOT x.ouvert, x.depuis_at, x.parcours_id
LIMIT :limite;

-- name: lister_du_conseiller
-- What is stuck among the people of one coordinator: as last found, and what has come to a stop since.
SELECT x.parcours_id, x.code, min(x.depuis_at) AS depuis_at, s.nom, s.prenom
FROM (
    SELECT b.parcours_id, b.code, b.depuis_at FROM pdp.blocage b JOIN pdp.parcours p ON p.id = b.parcours_id AND p.csam_id = :csam WHERE b.leve_at IS NULL
    UNION ALL
    SELECT v.parcours_id, v.blocage, q.dernier_evenement_at FROM pdp.suite_de_parcours(:maintenant) v JOIN pdp.parcours q ON q.id = v.parcours_id
    WHERE v.csam_id = :csam AND v.blocage IN ('S01', 'S03')
) x
JOIN pdp.parcours p ON p.id = x.parcours_id
JOIN identite.assure s ON s.id = p.assure_id
GROUP BY x.parcours_id, x.code, s.nom, s.prenom
ORDER BY min(x.depuis_at), x.parcours_id, x.code;

-- name: lister_du_parcours
-- How one parcours is stuck: as last found, and as it is now.
SELECT x.code, min(x.depuis_at) AS depuis_at
FROM (
    SELECT b.code, b.depuis_at FROM pdp.blocage b WHERE b.parcours_id = :parcours AND b.leve_at IS NULL
    UNION ALL
    SELECT v.blocage, q.dernier_evenement_at FROM pdp.suite_de_parcours(:maintenant) v JOIN pdp.parcours q ON q.id = v.parcours_id
    WHERE v.parcours_id = :parcours AND v.blocage IN ('S01', 'S03', 'S04') -- to be assigned (S05) is a stall after the delay only
) x
GROUP BY x.code
ORDER BY x.code;

-- name: trouver_attente
-- The reason of a parcours that waits and would come back first.
SELECT t.id FROM pdp.tache t
WHERE t.parcours_id = :parcours AND t.fermee_at IS NULL AND t.attente_jusqu_au IS NOT NULL AND t.motif <> ALL (cast(:hors AS text[]))
ORDER BY t.attente_jusqu_au, t.id
LIMIT 1;
