-- name: lister_comptes_a_creer
-- One account per function: the coordinator with the most varied list (closed cases and answers first), the first agent of each other role, the partners without an API.
WITH par_role AS (
    SELECT a.*, row_number() OVER (PARTITION BY a.plateforme_id, a.role ORDER BY
        (SELECT 5 * count(DISTINCT p.clos_at IS NULL) FILTER (WHERE p.clos_at IS NOT NULL OR o.repondue_at IS NOT NULL)
                + count(DISTINCT p.statut) + count(DISTINCT o.statut)
            FROM pdp.parcours p LEFT JOIN pdp.orientation o ON o.parcours_id = p.id WHERE p.csam_id = a.id) DESC, a.numero) AS rang
    FROM pdp.agent a
    WHERE a.actif_au IS NULL
)
SELECT CASE role WHEN 'medecin_conseil' THEN 'medecin' ELSE role END || CASE WHEN plateforme_id = 'PF35' THEN '' ELSE '.' || lower(plateforme_id) END AS login,
    role, plateforme_id, prenom || ' ' || nom AS nom_affiche, id AS agent_id, NULL::uuid AS partenaire_id
FROM par_role WHERE rang = 1 AND (plateforme_id = 'PF35' OR role = 'csam')
UNION ALL
SELECT replace(n.type, '_', '.') AS login, 'partenaire', n.plateforme_id, n.nom, NULL, n.id
FROM (SELECT DISTINCT ON (type) * FROM pdp.partenaire WHERE canal = 'portail' AND plateforme_id = 'PF35' ORDER BY type, id_source) n
ORDER BY 2, 1;

-- name: lister_medecins
-- First médecin-conseil of each platform.
SELECT DISTINCT ON (plateforme_id) plateforme_id, id FROM pdp.agent WHERE role = 'medecin_conseil' ORDER BY plateforme_id, numero;

-- name: is_delegation_signee
-- Whether the platform has a signed version.
SELECT EXISTS (SELECT 1 FROM pdp.dol_version WHERE plateforme_id = :plateforme AND signe_at IS NOT NULL);

-- name: lister_a_decider
-- Signalements a médecin-conseil would open first, when few were decided by hand.
SELECT id FROM pdp.signalement WHERE plateforme_id = :plateforme AND statut = 'a_trier'
    AND (SELECT count(*) FROM pdp.signalement WHERE plateforme_id = :plateforme AND mode_decision = 'mc') < :nombre
ORDER BY priorite DESC, survenu_le, id LIMIT :nombre;

-- name: lister_dossiers
-- Parcours decided up to an instant, in an order that later arrivals never change.
SELECT p.id, p.plateforme_id, p.csam_id, p.clos_at IS NOT NULL AS clos,
    row_number() OVER (ORDER BY p.decide_at, p.priorite DESC, md5(a.id_source)) - 1 AS rang,
    EXISTS (SELECT 1 FROM pdp.contact c WHERE c.parcours_id = p.id) AS contacte
FROM pdp.parcours p JOIN identite.assure a ON a.id = p.assure_id
WHERE p.decide_at <= :jusqu_a AND p.csam_id IS NOT NULL
ORDER BY rang LIMIT :nombre;

-- name: trouver_partenaire
-- A partner of a kind on a platform, by the wanted transport when there is one.
SELECT id FROM pdp.partenaire WHERE plateforme_id = :plateforme AND type = :type ORDER BY (canal = :canal) DESC, id_source LIMIT 1;

-- name: lister_boites
-- Delivered hand-overs waiting in the inboxes of partners without an API.
SELECT o.id, o.plateforme_id, o.partenaire_id, o.dispositif, o.statut
FROM pdp.orientation o JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE n.canal = 'portail' AND o.envoyee_at IS NOT NULL AND o.statut = 'envoyee'
    AND NOT EXISTS (SELECT 1 FROM pdp.inbox i WHERE i.orientation_id = o.id)
ORDER BY o.proposee_at, o.id;

-- name: lister_reponses_a_lire
-- Parcours whose partner has finished, still open, once each however many answers wait to be read.
SELECT p.id, p.plateforme_id, p.csam_id, o.statut, o.dispositif
FROM (SELECT parcours_id, min(ouverte_at) AS ouverte_at FROM pdp.tache WHERE motif = 'lire_reponse' AND fermee_at IS NULL GROUP BY parcours_id) t
JOIN pdp.parcours p ON p.id = t.parcours_id
JOIN LATERAL (SELECT statut, dispositif FROM pdp.orientation WHERE parcours_id = p.id ORDER BY proposee_at DESC LIMIT 1) o ON true
WHERE p.clos_at IS NULL AND o.statut = 'realisee'
    AND (SELECT count(*) FROM pdp.issue i WHERE i.plateforme_id = p.plateforme_id) < :plafond
ORDER BY t.ouverte_at, p.id;

-- name: lister_alertes
-- Alerts a médecin-conseil would decide first, when none was decided yet.
SELECT id, type FROM pdp.alerte WHERE plateforme_id = :plateforme AND decide_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte WHERE plateforme_id = :plateforme AND decide_at IS NOT NULL)
ORDER BY connu_at, id LIMIT 3;

-- name: trouver_tache
-- An open reason of a parcours.
SELECT id FROM pdp.tache WHERE parcours_id = :parcours AND motif = :motif AND fermee_at IS NULL LIMIT 1;

-- name: lister_structures_muettes
-- Partners of these ids that have said nothing of themselves yet.
SELECT p.id, p.plateforme_id, p.id_source FROM pdp.partenaire p
WHERE p.id_source = ANY (cast(:sources AS text[])) AND p.horaires IS NULL
ORDER BY p.plateforme_id, p.id_source;
