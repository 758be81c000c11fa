-- name: lire_agent
-- The agent whose calendar is read, and until when there is one.
SELECT id, plateforme_id, numero, nom, prenom, actif_du, actif_au FROM pdp.agent WHERE id = :agent;

-- name: lister_conseillers
-- Coordinators in the team on a day.
SELECT id, nom, prenom FROM pdp.agent WHERE role = 'csam' AND actif_du <= :jour AND (actif_au IS NULL OR :jour <= actif_au)
    AND (cast(:plateforme AS text) IS NULL OR plateforme_id = :plateforme) ORDER BY nom, prenom, id;

-- name: lire_contraintes
-- Weekly patterns, one-day ranges, absences and taken slots of an agent, as the public link reads them too.
SELECT
    (SELECT coalesce(jsonb_agg(jsonb_build_object('du', s.du, 'comme_plateforme', s.comme_plateforme, 'plages',
            (SELECT coalesce(jsonb_agg(jsonb_build_array(g.jour, g.debut_minutes, g.fin_minutes)), '[]') FROM pdp.plage_semaine g WHERE g.semaine_id = s.id))
            ORDER BY s.du), '[]')
        FROM pdp.semaine_type s WHERE s.agent_id = :agent AND s.remplacee_at IS NULL) AS semaines,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(x.genre, x.jour, x.debut_minutes, x.fin_minutes)), '[]') FROM pdp.plage_agent x
        WHERE x.agent_id = :agent AND x.retiree_at IS NULL AND x.jour BETWEEN :du AND :au) AS plages,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(b.du, b.au)), '[]') FROM pdp.absence_agent b
        WHERE b.agent_id = :agent AND b.au >= :du AND b.du <= :au) AS absences,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(t.debut_at, t.fin_at)), '[]') FROM pdp.tele_echange t
        WHERE t.csam_id = :agent AND t.statut IN ('planifie', 'confirme', 'realise', 'realise_partiel') AND t.fin_at > :debut AND t.debut_at < :fin) AS occupes;

-- name: lire_equipe
-- The same for every coordinator of a platform in the team on a day, and the appointments to come, in one statement.
SELECT c.id, c.nom, c.prenom, c.actif_du, c.actif_au,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('du', s.du, 'comme_plateforme', s.comme_plateforme, 'plages',
            (SELECT coalesce(jsonb_agg(jsonb_build_array(g.jour, g.debut_minutes, g.fin_minutes)), '[]') FROM pdp.plage_semaine g WHERE g.semaine_id = s.id))
            ORDER BY s.du), '[]')
        FROM pdp.semaine_type s WHERE s.agent_id = c.id AND s.remplacee_at IS NULL) AS semaines,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(x.genre, x.jour, x.debut_minutes, x.fin_minutes)), '[]') FROM pdp.plage_agent x
        WHERE x.agent_id = c.id AND x.retiree_at IS NULL AND x.jour BETWEEN :du AND :au) AS plages,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(b.du, b.au)), '[]') FROM pdp.absence_agent b
        WHERE b.agent_id = c.id AND b.au >= :du AND b.du <= :au) AS absences,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(t.debut_at, t.fin_at)), '[]') FROM pdp.tele_echange t
        WHERE t.csam_id = c.id AND t.statut IN ('planifie', 'confirme', 'realise', 'realise_partiel') AND t.fin_at > :debut AND t.debut_at < :fin) AS occupes,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(t.debut_at, t.fin_at)), '[]') FROM pdp.tele_echange t
        WHERE t.csam_id = c.id AND t.statut IN ('planifie', 'confirme') AND t.debut_at > :maintenant AND t.debut_at < :fin) AS a_venir
FROM pdp.agent c
WHERE c.plateforme_id = :plateforme AND c.role = 'csam' AND c.actif_du <= :jour AND (c.actif_au IS NULL OR :jour <= c.actif_au)
ORDER BY c.nom, c.prenom, c.id;

-- name: lister_rendez_vous
-- Appointments of an agent in a window that were not taken back, with the person for who may read her.
SELECT t.id, t.parcours_id, t.debut_at, t.fin_at, t.canal, t.statut, a.nom, a.prenom
FROM pdp.tele_echange t
JOIN pdp.parcours p ON p.id = t.parcours_id
JOIN identite.assure a ON a.id = p.assure_id
WHERE t.csam_id = :agent AND t.debut_at >= :debut AND t.debut_at < :fin AND t.statut IN ('planifie', 'confirme', 'realise', 'realise_partiel', 'absent')
ORDER BY t.debut_at, t.id;

-- name: lister_rendez_vous_neutres
-- The same without the person, for a manager.
SELECT t.id, t.parcours_id, t.debut_at, t.fin_at, t.canal, t.statut, NULL AS nom, NULL AS prenom
FROM pdp.tele_echange t
WHERE t.csam_id = :agent AND t.debut_at >= :debut AND t.debut_at < :fin AND t.statut IN ('planifie', 'confirme', 'realise', 'realise_partiel', 'absent')
ORDER BY t.debut_at, t.id;

-- name: lister_a_renseigner
-- Appointments past with nothing entered, oldest first.
SELECT t.id, t.parcours_id, t.debut_at, t.fin_at, t.canal, t.statut, a.nom, a.prenom
FROM pdp.tele_echange t JOIN pdp.parcours p ON p.id = t.parcours_id JOIN identite.assure a ON a.id = p.assure_id
WHERE t.csam_id = :agent AND p.csam_id = :agent AND p.clos_at IS NULL AND t.statut IN ('planifie', 'confirme') AND t.fin_at <= :maintenant
ORDER BY t.debut_at;

-- name: trouver_semaine
-- The weekly pattern that begins on a day.
SELECT id, comme_plateforme FROM pdp.semaine_type WHERE agent_id = :agent AND du = :du AND remplacee_at IS NULL;

-- name: remplacer_semaine
-- It gives its place to another one.
UPDATE pdp.semaine_type SET remplacee_at = :maintenant WHERE agent_id = :agent AND du = :du AND remplacee_at IS NULL;

-- name: poser_semaine
-- A weekly pattern from a day on.
INSERT INTO pdp.semaine_type (plateforme_id, agent_id, du, comme_plateforme, posee_par, posee_at)
SELECT plateforme_id, id, :du, :comme_plateforme, :par, :maintenant FROM pdp.agent WHERE id = :agent
RETURNING id, numero, plateforme_id;

-- name: poser_plage_semaine
-- One range of a weekday of it.
INSERT INTO pdp.plage_semaine (plateforme_id, semaine_id, semaine_numero, jour, debut_minutes, fin_minutes)
VALUES (:plateforme, :semaine, :numero, :jour, :debut, :fin);

-- name: poser_plage
-- A range of one day; the same again is the same one.
INSERT INTO pdp.plage_agent (plateforme_id, agent_id, genre, jour, debut_minutes, fin_minutes, posee_par, posee_at)
SELECT plateforme_id, id, :genre, :jour, :debut, :fin, :par, :maintenant FROM pdp.agent WHERE id = :agent
ON CONFLICT (agent_id, jour, genre, debut_minutes, fin_minutes) WHERE retiree_at IS NULL DO NOTHING
RETURNING id;

-- name: lister_plages
-- One-day ranges that count, in a window.
SELECT id, genre, jour, debut_minutes, fin_minutes FROM pdp.plage_agent
WHERE agent_id = :agent AND retiree_at IS NULL AND jour BETWEEN :du AND :au ORDER BY jour, debut_minutes, genre;

-- name: retirer_plage
-- It no longer counts.
UPDATE pdp.plage_agent SET retiree_at = :maintenant, retiree_par = :par WHERE id = :plage AND agent_id = :agent AND retiree_at IS NULL RETURNING plateforme_id, genre, jour;

-- name: poser_flux
-- A new secret address for the calendar of an agent.
INSERT INTO pdp.flux_agenda (empreinte, plateforme_id, agent_id, cree_at) SELECT :empreinte, plateforme_id, id, :maintenant FROM pdp.agent WHERE id = :agent;

-- name: revoquer_flux
-- The address in use stops.
UPDATE pdp.flux_agenda SET revoque_at = :maintenant WHERE agent_id = :agent AND revoque_at IS NULL;

-- name: lire_flux
-- Since when an agent has a secret address.
SELECT cree_at FROM pdp.flux_agenda WHERE agent_id = :agent AND revoque_at IS NULL;

-- name: lire_flux_public
-- Busy hours behind a secret address; the first row stands for the feed itself.
SELECT plateforme_id, ics_uid, ics_sequence, debut_at, fin_at, statut, change_at FROM pdp.lire_flux_agenda(:empreinte, :depuis);
