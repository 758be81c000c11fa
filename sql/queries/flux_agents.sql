-- name: creer
-- Valid lines of the file being read; gone with the transaction.
CREATE TEMP TABLE lu_agents (
    numero integer NOT NULL, matricule text NOT NULL, nom text NOT NULL, prenom text NOT NULL, courriel text, role text NOT NULL,
    plateforme text NOT NULL, territoire text[] NOT NULL, quotite numeric(3, 2) NOT NULL, competences text[] NOT NULL, actif_du date NOT NULL, actif_au date
) ON COMMIT DROP;

-- name: copier
-- Bulk path of the valid lines.
COPY lu_agents FROM STDIN;

-- name: analyser
-- Sizes for the planner.
ANALYZE lu_agents;

-- name: ecarter
-- Agents of a platform that does not exist, or who would change platform, leave for the quarantine.
DELETE FROM lu_agents l
WHERE NOT EXISTS (SELECT FROM pdp.plateforme p WHERE p.id = l.plateforme)
   OR EXISTS (SELECT FROM pdp.agent a WHERE a.matricule = l.matricule AND a.plateforme_id <> l.plateforme)
RETURNING l.numero, 'plateforme' AS champ,
    CASE WHEN EXISTS (SELECT FROM pdp.plateforme p WHERE p.id = l.plateforme) THEN 'agent_autre_plateforme' ELSE 'plateforme_inconnue' END AS code,
    cast(NULL AS text) AS cle;

-- name: retenir
-- Per agent the last line of the file, where something differs from what is known.
CREATE TEMP TABLE retenu_agents ON COMMIT DROP AS
SELECT d.*, a.id AS agent_id
FROM (SELECT DISTINCT ON (matricule) * FROM lu_agents ORDER BY matricule, numero DESC) d
LEFT JOIN pdp.agent a ON a.matricule = d.matricule
WHERE a.id IS NULL
   OR (d.nom, d.prenom, d.courriel, d.role, d.territoire, d.quotite, d.competences, d.actif_du, d.actif_au)
      IS DISTINCT FROM (a.nom, a.prenom, a.courriel, a.role, a.territoire, a.quotite, a.competences, a.actif_du, a.actif_au);

-- name: corriger
-- Known agents whose line changed.
UPDATE pdp.agent a
SET nom = r.nom, prenom = r.prenom, courriel = r.courriel, role = r.role, territoire = r.territoire, quotite = r.quotite,
    competences = r.competences, actif_du = r.actif_du, actif_au = r.actif_au
FROM retenu_agents r
WHERE a.id = r.agent_id;

-- name: inserer
-- Agents never seen.
INSERT INTO pdp.agent (plateforme_id, matricule, nom, prenom, courriel, role, territoire, competences, quotite, actif_du, actif_au)
SELECT plateforme, matricule, nom, prenom, courriel, role, territoire, competences, quotite, actif_du, actif_au
FROM retenu_agents
WHERE agent_id IS NULL
ORDER BY matricule;

-- name: compter
-- Lines that changed something.
SELECT count(*) FROM retenu_agents;

-- name: vider
-- Make room for another file, or another batch, in the same transaction.
DROP TABLE IF EXISTS pg_temp.lu_agents, pg_temp.retenu_agents;

-- name: fermer
-- A newer complete list says again everything that an older one said badly.
UPDATE identite.quarantaine q SET resolue_at = :maintenant, resolution = 'corrigee'
FROM pdp.flux_fichier f
WHERE q.resolue_at IS NULL AND f.id = q.fichier_id AND f.flux = 'agents'
  AND EXISTS (SELECT FROM pdp.flux_fichier s WHERE s.flux = 'agents' AND s.etat = 'charge' AND s.nom > f.nom);
