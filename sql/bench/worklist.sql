-- The stock of the worklist benchmark.

-- name: plateformes
-- Those of the referential stay as they are.
INSERT INTO pdp.plateforme (id, libelle, departement)
SELECT 'PF' || code, 'Plateforme ' || code, code FROM unnest(%(codes)s::text[]) AS a (code)
ON CONFLICT DO NOTHING;

-- name: fraicheur
-- A file received this night, a detection after it on each platform, the one before three days earlier: an outage to catch up.
WITH recu AS (
    INSERT INTO pdp.flux_fichier (flux, nom, empreinte, taille_octets, etat, recu_at)
    VALUES ('arrets_prescrits', 'bench.csv', 'bench', 0, 'charge', to_timestamp(%(instant)s) - interval '4 hours')
)
INSERT INTO pdp.passage (id, dag, tache, instant_metier, debut_at, fin_at, detail)
SELECT code || '/' || heures, 'pdp_detection', 'detecter', quand, quand, quand + interval '1 minute', jsonb_build_object('plateforme', 'PF' || code)
FROM unnest(%(codes)s::text[]) AS a (code)
CROSS JOIN unnest(ARRAY[2, 74, 98]) AS h (heures)
CROSS JOIN LATERAL (SELECT to_timestamp(%(instant)s) - heures * interval '1 hour' AS quand) AS q;

-- name: orphelins
-- Rows whose parcours, person, coordinator or signalement does not exist, or is of another platform.
SELECT (SELECT count(*) FROM pdp.parcours p WHERE NOT EXISTS (SELECT 1 FROM identite.assure s WHERE (s.plateforme_id, s.id) = (p.plateforme_id, p.assure_id)))
    + (SELECT count(*) FROM pdp.parcours p WHERE NOT EXISTS (SELECT 1 FROM pdp.agent a WHERE (a.plateforme_id, a.id) = (p.plateforme_id, p.csam_id)))
    + (SELECT count(*) FROM pdp.parcours p
        WHERE NOT EXISTS (SELECT 1 FROM pdp.signalement g WHERE (g.plateforme_id, g.id, g.assure_id) = (p.plateforme_id, p.signalement_id, p.assure_id)))
    + (SELECT count(*) FROM pdp.signalement g WHERE NOT EXISTS (SELECT 1 FROM pdp.episode e WHERE (e.id, e.assure_id) = (g.episode_id, g.assure_id)))
    + (SELECT count(*) FROM pdp.tache t WHERE NOT EXISTS (SELECT 1 FROM pdp.parcours p WHERE (p.plateforme_id, p.id) = (t.plateforme_id, t.parcours_id)))
    + (SELECT count(*) FROM pdp.contact c WHERE NOT EXISTS (SELECT 1 FROM pdp.parcours p WHERE (p.id, p.csam_id) = (c.parcours_id, c.agent_id)))
    + (SELECT count(*) FROM pdp.tele_echange t
        WHERE NOT EXISTS (SELECT 1 FROM pdp.parcours p JOIN pdp.agent a ON a.id = p.csam_id WHERE (p.id, a.numero) = (t.parcours_id, t.csam_numero)))
    + (SELECT count(*) FROM pdp.orientation o
        WHERE NOT EXISTS (SELECT 1 FROM pdp.accord a JOIN pdp.partenaire n ON n.plateforme_id = a.plateforme_id
            WHERE (a.id, a.parcours_id, n.id) = (o.accord_id, o.parcours_id, o.partenaire_id)))
    + (SELECT count(*) FROM pdp.outbox o WHERE NOT EXISTS (SELECT 1 FROM pdp.parcours p WHERE (p.plateforme_id, p.id) = (o.plateforme_id, o.parcours_id)))
    + (SELECT count(*) FROM pdp.mise_en_silence m WHERE NOT EXISTS (SELECT 1 FROM identite.assure s WHERE s.id = m.assure_id));

-- name: comptes
-- Accounts of the readers, all with the same password.
INSERT INTO securite.compte (login, mot_de_passe, role, plateforme_id, agent_id, nom_affiche)
SELECT login, %(mot_de_passe)s, 'csam', plateforme, agent, 'Compte ' || login
FROM unnest(%(logins)s::text[], %(agents)s::uuid[], %(plateformes)s::text[]) AS a (login, agent, plateforme);

-- name: backends
-- Connections of the portal.
SELECT pid FROM pg_stat_activity WHERE usename = 'pdp_portail';
