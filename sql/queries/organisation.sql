-- name: fonder_unite
-- A unit of the referential, once for each platform.
INSERT INTO pdp.unite (plateforme_id, code, type, accueille, du, au)
SELECT p.id, :code, :type, cast(:accueille AS text[]), :du, :au FROM pdp.plateforme p
ON CONFLICT (plateforme_id, code) DO NOTHING;

-- name: fonder_nom
-- Its first name, once.
INSERT INTO pdp.unite_nom (plateforme_id, unite_id, libelle, du, au)
SELECT u.plateforme_id, u.id, replace(:libelle, '{departement}', p.departement), u.du, u.au
FROM pdp.unite u JOIN pdp.plateforme p ON p.id = u.plateforme_id
WHERE u.code = :code AND NOT EXISTS (SELECT FROM pdp.unite_nom n WHERE n.unite_id = u.id);

-- name: fonder_lien
-- Its place, once.
INSERT INTO pdp.unite_lien (plateforme_id, enfant_id, parent_id, nature, du, au)
SELECT e.plateforme_id, e.id, p.id, :nature, :du, :au
FROM pdp.unite e JOIN pdp.unite p ON p.plateforme_id = e.plateforme_id AND p.code = :parent
WHERE e.code = :enfant AND NOT EXISTS (
    SELECT FROM pdp.unite_lien l WHERE l.enfant_id = e.id AND l.parent_id = p.id AND l.nature = :nature AND l.acte_id IS NULL);

-- name: fonder_succession
-- What became of it, once.
INSERT INTO pdp.unite_succession (plateforme_id, de_id, vers_id, le)
SELECT d.plateforme_id, d.id, v.id, :le
FROM pdp.unite d JOIN pdp.unite v ON v.plateforme_id = d.plateforme_id AND v.code = :vers
WHERE d.code = :de AND NOT EXISTS (SELECT FROM pdp.unite_succession s WHERE s.de_id = d.id);

-- name: lister_unites
-- Units in force on a day, with the name and the place of that day.
SELECT u.id, u.type, n.libelle, u.du, u.au, pdp.unite_actuelle(l.parent_id, :jour) AS parent_id
FROM pdp.unite u
JOIN pdp.unite_nom n ON n.unite_id = u.id AND n.annulee_at IS NULL AND (n.du IS NULL OR n.du <= :jour) AND (n.au IS NULL OR n.au >= :jour)
LEFT JOIN pdp.unite_lien l ON l.enfant_id = u.id AND l.nature = 'hierarchique' AND l.annulee_at IS NULL
    AND (l.du IS NULL OR l.du <= :jour) AND (l.au IS NULL OR l.au >= :jour)
WHERE u.annulee_at IS NULL AND (u.du IS NULL OR u.du <= :jour) AND (u.au IS NULL OR u.au >= :jour)
ORDER BY n.libelle, u.id;

-- name: lister_liens
-- Links of a day that are not the hierarchy.
SELECT l.enfant_id, l.nature, n.libelle AS parent
FROM pdp.unite_lien l
JOIN pdp.unite_nom n ON n.unite_id = l.parent_id AND n.annulee_at IS NULL AND (n.du IS NULL OR n.du <= :jour) AND (n.au IS NULL OR n.au >= :jour)
WHERE l.nature <> 'hierarchique' AND l.annulee_at IS NULL AND (l.du IS NULL OR l.du <= :jour) AND (l.au IS NULL OR l.au >= :jour)
ORDER BY n.libelle;

-- name: lister_agents
-- People in activity on a day with their unit of that day, and the open work they hold now.
SELECT g.id, g.nom, g.prenom, g.role, pdp.unite_de(g.id, :jour) AS unite_id, coalesce(w.ouverts, 0) AS ouverts, coalesce(w.en_retard, 0) AS en_retard,
       coalesce(w.rendez_vous, 0) AS rendez_vous, coalesce(w.orientations, 0) AS orientations
FROM pdp.agent g
LEFT JOIN LATERAL (
    SELECT count(*) AS ouverts,
        sum((SELECT count(*) FROM pdp.tache t WHERE t.parcours_id = p.id AND t.fermee_at IS NULL AND t.balle = 'csam' AND t.echeance_at < :maintenant)) AS en_retard,
        sum((SELECT count(*) FROM pdp.tele_echange x WHERE x.parcours_id = p.id AND x.statut IN ('planifie', 'confirme') AND x.debut_at >= :maintenant)) AS rendez_vous,
        sum((SELECT count(*) FROM pdp.orientation o WHERE o.parcours_id = p.id AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours'))) AS orientations
    FROM pdp.parcours p WHERE p.csam_id = g.id AND p.clos_at IS NULL
) w ON g.role = 'csam'
WHERE g.actif_du <= :jour AND (g.actif_au IS NULL OR g.actif_au >= :jour)
ORDER BY g.nom, g.prenom, g.id;

-- name: lister_actes
-- Acts of managers on the organisation, latest day first.
SELECT r.id, r.acte, r.le, r.agents, r.parcours, r.demandee_at, r.annulee_at, g.nom AS par_nom, g.prenom AS par_prenom,
    (SELECT n.libelle FROM pdp.unite_nom n WHERE n.unite_id = r.unite_id AND (n.acte_id IS NULL OR n.acte_id <> r.id) ORDER BY n.du DESC NULLS LAST LIMIT 1) AS unite,
    (SELECT n.libelle FROM pdp.unite_nom n WHERE n.unite_id = r.vers_id ORDER BY n.du DESC NULLS LAST LIMIT 1) AS vers,
    (SELECT n.libelle FROM pdp.unite_nom n WHERE n.acte_id = r.id) AS nom
FROM pdp.reorganisation r JOIN pdp.agent g ON g.id = r.demandee_par
ORDER BY r.le DESC, r.demandee_at DESC
LIMIT 100;

-- name: lister_successions
-- Units that ended and what took them over, latest first.
SELECT s.le, d.libelle AS de, v.libelle AS vers, s.acte_id IS NULL AS nationale
FROM pdp.unite_succession s
JOIN LATERAL (SELECT n.libelle FROM pdp.unite_nom n WHERE n.unite_id = s.de_id AND n.annulee_at IS NULL ORDER BY n.au DESC NULLS FIRST LIMIT 1) d ON true
JOIN LATERAL (SELECT n.libelle FROM pdp.unite_nom n WHERE n.unite_id = s.vers_id AND n.annulee_at IS NULL ORDER BY n.du DESC NULLS LAST LIMIT 1) v ON true
WHERE s.annulee_at IS NULL
ORDER BY s.le DESC, d.libelle;

-- name: compter_parcours
-- Parcours first assigned since an instant, by the unit of the coordinator on that day, and by the unit that has taken it over since.
WITH premier AS (
    SELECT DISTINCT ON (a.parcours_id) a.csam_id, (a.du AT TIME ZONE :fuseau)::date AS le, p.clos_at IS NULL AS ouvert
    FROM pdp.affectation a JOIN pdp.parcours p ON p.id = a.parcours_id
    ORDER BY a.parcours_id, a.du
), compte AS (
    SELECT csam_id, le, count(*) AS parcours, count(*) FILTER (WHERE ouvert) AS ouverts FROM premier WHERE le >= :depuis GROUP BY csam_id, le
), place AS (
    SELECT pdp.unite_de(csam_id, le) AS alors, sum(parcours)::integer AS parcours, sum(ouverts)::integer AS ouverts FROM compte GROUP BY 1
)
SELECT x.alors, pdp.unite_actuelle(x.alors, :jour) AS aujourd_hui, x.parcours, x.ouverts,
    (SELECT n.libelle FROM pdp.unite_nom n WHERE n.unite_id = x.alors AND n.annulee_at IS NULL AND (n.du IS NULL OR n.du <= :jour)
     ORDER BY n.du DESC NULLS LAST LIMIT 1) AS libelle_alors,
    (SELECT n.libelle FROM pdp.unite_nom n WHERE n.unite_id = pdp.unite_actuelle(x.alors, :jour) AND n.annulee_at IS NULL
        AND (n.du IS NULL OR n.du <= :jour) ORDER BY n.du DESC NULLS LAST LIMIT 1) AS libelle_aujourd_hui
FROM place x ORDER BY x.parcours DESC, x.alors;

-- name: inscrire_acte
-- The act itself.
INSERT INTO pdp.reorganisation (plateforme_id, acte, le, unite_id, vers_id, agents, parcours, demandee_par, demandee_at)
VALUES (:plateforme, :acte, :le, :unite, :vers, :agents, :parcours, :par, :maintenant) RETURNING id;

-- name: trouver_acte
-- The same act already confirmed and not taken back.
SELECT r.id FROM pdp.reorganisation r
WHERE r.acte = :acte AND r.le = :le AND r.unite_id IS NOT DISTINCT FROM cast(:unite AS uuid) AND r.vers_id IS NOT DISTINCT FROM cast(:vers AS uuid)
    AND r.annulee_at IS NULL;

-- name: verrouiller_acte
-- One act, so that it is taken back once.
SELECT r.id, r.acte, r.le, r.demandee_at, r.annulee_at FROM pdp.reorganisation r WHERE r.id = :acte;

-- name: creer_unite
-- A team made on screen.
INSERT INTO pdp.unite (id, plateforme_id, code, type, du, acte_id) VALUES (:unite, :plateforme, cast(:unite AS text), 'EQUIPE', :le, :acte);

-- name: rattacher_unite_creee
-- The team belongs to the act that made it.
INSERT INTO pdp.unite_lien (plateforme_id, enfant_id, parent_id, nature, du, acte_id) VALUES (:plateforme, :enfant, :parent, 'hierarchique', :le, :acte);

-- name: nommer
-- Name from a day on.
INSERT INTO pdp.unite_nom (plateforme_id, unite_id, libelle, du, acte_id) VALUES (:plateforme, :unite, :libelle, :le, :acte);

-- name: finir_nom
-- The name in force ends the day before.
UPDATE pdp.unite_nom SET au = cast(:le AS date) - 1, fin_acte_id = :acte
WHERE unite_id = :unite AND annulee_at IS NULL AND au IS NULL AND (du IS NULL OR du < :le);

-- name: finir_unite
-- The unit ends the day before; nothing when its end is already planned.
UPDATE pdp.unite SET au = cast(:le AS date) - 1, fin_acte_id = :acte
WHERE id = :unite AND annulee_at IS NULL AND au IS NULL AND (du IS NULL OR du < :le) RETURNING id;

-- name: finir_liens
-- Its links end the day before, those to its own units too.
UPDATE pdp.unite_lien SET au = cast(:le AS date) - 1, fin_acte_id = :acte
WHERE (enfant_id = :unite OR parent_id = :unite) AND annulee_at IS NULL AND au IS NULL AND (du IS NULL OR du < :le)
RETURNING enfant_id, parent_id, nature;

-- name: compter_reprises_prevues
-- Units that this one is to take over that day or later.
SELECT count(*) FROM pdp.unite_succession s WHERE s.vers_id = :unite AND s.annulee_at IS NULL AND s.le >= :le;

-- name: succeder
-- What takes it over.
INSERT INTO pdp.unite_succession (plateforme_id, de_id, vers_id, le, acte_id) VALUES (:plateforme, :unite, :vers, :le, :acte);

-- name: compter_places_prevues
-- Changes of unit already planned for some people on that day or later.
SELECT count(*) FROM pdp.unite_agent x
WHERE x.agent_id = ANY (cast(:agents AS uuid[])) AND x.annulee_at IS NULL AND (x.du >= :le OR x.au >= :le);

-- name: quitter_unite
-- They leave their unit the day before.
UPDATE pdp.unite_agent SET au = cast(:le AS date) - 1, fin_acte_id = :acte
WHERE agent_id = ANY (cast(:agents AS uuid[])) AND annulee_at IS NULL AND au IS NULL;

-- name: rejoindre_unite
-- They are in the other from that day on.
INSERT INTO pdp.unite_agent (plateforme_id, agent_id, unite_id, du, acte_id)
SELECT :plateforme, agent_id, :vers, :le, :acte FROM unnest(cast(:agents AS uuid[])) AS agent_id;

-- name: compter_perdus
-- People in activity on a day who are in no unit of that day: always none.
SELECT count(*) FROM pdp.agent g
WHERE g.actif_du <= :le AND (g.actif_au IS NULL OR g.actif_au >= :le) AND NOT EXISTS (
    SELECT FROM pdp.unite u WHERE u.id = pdp.unite_de(g.id, :le) AND u.annulee_at IS NULL AND (u.du IS NULL OR u.du <= :le) AND (u.au IS NULL OR u.au >= :le));

-- name: lister_departs_prevus
-- Departures confirmed with an act.
SELECT r.id FROM pdp.redistribution r WHERE r.du = :le AND r.au IS NULL AND r.demandee_at = :demandee_at AND r.annulee_at IS NULL;

-- name: annuler_acte
-- Taken back.
UPDATE pdp.reorganisation SET annulee_at = :maintenant, annulee_par = :par WHERE id = :acte AND annulee_at IS NULL;

-- name: annuler_unites
-- What it had made never was.
UPDATE pdp.unite SET annulee_at = :maintenant WHERE acte_id = :acte AND annulee_at IS NULL;

-- name: annuler_noms
-- What it had named.
UPDATE pdp.unite_nom SET annulee_at = :maintenant WHERE acte_id = :acte AND annulee_at IS NULL;

-- name: annuler_liens
-- What it had placed.
UPDATE pdp.unite_lien SET annulee_at = :maintenant WHERE acte_id = :acte AND annulee_at IS NULL;

-- name: annuler_agents
-- Whom it had moved.
UPDATE pdp.unite_agent SET annulee_at = :maintenant WHERE acte_id = :acte AND annulee_at IS NULL;

-- name: annuler_successions
-- What it said took over.
UPDATE pdp.unite_succession SET annulee_at = :maintenant WHERE acte_id = :acte AND annulee_at IS NULL;

-- name: rendre_unites
-- What it had ended goes on.
UPDATE pdp.unite SET au = NULL, fin_acte_id = NULL WHERE fin_acte_id = :acte;

-- name: rendre_noms
-- Same for names.
UPDATE pdp.unite_nom SET au = NULL, fin_acte_id = NULL WHERE fin_acte_id = :acte;

-- name: rendre_liens
-- Same for places.
UPDATE pdp.unite_lien SET au = NULL, fin_acte_id = NULL WHERE fin_acte_id = :acte;

-- name: rendre_agents
-- Same for people.
UPDATE pdp.unite_agent SET au = NULL, fin_acte_id = NULL WHERE fin_acte_id = :acte;

-- name: compter_suites
-- Acts that build on what this one made: they are taken back first.
SELECT count(*) FROM pdp.reorganisation r
WHERE r.annulee_at IS NULL AND r.id <> :acte AND (
    EXISTS (SELECT FROM pdp.unite u WHERE u.acte_id = :acte AND (u.fin_acte_id = r.id OR r.vers_id = u.id OR r.unite_id = u.id))
    OR EXISTS (SELECT FROM pdp.unite_agent x WHERE x.acte_id = :acte AND x.fin_acte_id = r.id)
    OR EXISTS (SELECT FROM pdp.unite_nom n WHERE n.acte_id = :acte AND n.fin_acte_id = r.id)
    OR EXISTS (SELECT FROM pdp.unite_lien l WHERE l.acte_id = :acte AND l.fin_acte_id = r.id));

-- name: fermer_acces
-- The access of somebody who leaves ends that day, or comes back.
SELECT securite.fermer_acces(:agent, :le);
