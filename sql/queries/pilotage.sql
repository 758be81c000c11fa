-- name: compter_etapes
-- People first signalled in a period: days of each step, come about or awaited, as counts.
SELECT etape, jours, survenu, nombre FROM pdp.durees_des_etapes(:du, :au, :maintenant);

-- name: compter_contacts
-- People reached in time among those assigned in a period, by group; small groups are put together by the function.
SELECT axe, groupe, effectif, joints FROM pdp.equite_du_contact(:du, :au, :jours);

-- name: lister_charges
-- Each coordinator in activity: open parcours, late tasks, the oldest late one, first calls late.
SELECT g.id, g.nom, g.prenom, g.quotite,
       (SELECT count(*) FROM pdp.parcours p WHERE p.csam_id = g.id AND p.clos_at IS NULL) AS ouverts,
       r.en_retard, r.plus_ancienne_at, r.appels
FROM pdp.agent g
LEFT JOIN LATERAL (
    SELECT count(*) AS en_retard, min(t.echeance_at) AS plus_ancienne_at, count(*) FILTER (WHERE t.motif = 'premier_appel') AS appels
    FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id
    WHERE p.csam_id = g.id AND p.clos_at IS NULL AND t.fermee_at IS NULL AND t.balle = 'csam' AND t.echeance_at < :maintenant
) r ON true
WHERE g.role = 'csam' AND g.actif_du <= :jour AND (g.actif_au IS NULL OR g.actif_au >= :jour)
ORDER BY r.en_retard DESC, g.nom, g.prenom, g.id;

-- name: lister_partenaires
-- Delays of each partner for what it received in a period: sent, due, answered and median days, first meeting, end.
SELECT n.id, n.nom, n.type, m.envoyees, m.echues, m.repondues, m.refusees, m.reponse_jours, m.rencontres, m.rencontre_jours, m.finies, m.fin_jours,
    (SELECT count(*) FROM pdp.orientation o WHERE o.partenaire_id = n.id AND o.statut IN ('envoyee', 'recue') AND o.reponse_attendue_le < :jour) AS en_retard
FROM pdp.partenaire n
JOIN pdp.delais_des_partenaires(:du, :jour) m ON m.partenaire_id = n.id
ORDER BY m.envoyees DESC, n.nom, n.id;
