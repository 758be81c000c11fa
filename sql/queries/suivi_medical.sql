-- name: ouvrir
-- The follow-up of a file just oriented; one per file.
INSERT INTO pdp.suivi_medical (plateforme_id, assure_id, signalement_id, cible, ouvert_at, echeance_at)
SELECT s.plateforme_id, s.assure_id, s.id, s.statut, :maintenant, :echeance
FROM pdp.signalement s
WHERE s.id = :signalement AND s.statut IN ('oriente_ism', 'convocation_mc')
ON CONFLICT (signalement_id) WHERE saisie_par_erreur_at IS NULL DO NOTHING;

-- name: ouvrir_manquants
-- Files oriented by delegation, or before follow-ups existed: nobody is left without one.
INSERT INTO pdp.suivi_medical (plateforme_id, assure_id, signalement_id, cible, ouvert_at, echeance_at)
SELECT s.plateforme_id, s.assure_id, s.id, s.statut, coalesce(s.decide_at, :maintenant), CASE s.statut WHEN 'oriente_ism' THEN :echeance_ism ELSE :echeance_mc END
FROM pdp.signalement s
WHERE s.plateforme_id = :plateforme AND s.statut IN ('oriente_ism', 'convocation_mc')
    AND NOT EXISTS (SELECT FROM pdp.suivi_medical m WHERE m.signalement_id = s.id AND m.saisie_par_erreur_at IS NULL)
ON CONFLICT (signalement_id) WHERE saisie_par_erreur_at IS NULL DO NOTHING
RETURNING id;

-- name: lister
-- Open follow-ups, the most overdue first; the parcours is there when another signalement has opened one meanwhile.
SELECT m.id, m.signalement_id, m.cible, m.ouvert_at, m.echeance_at, m.reports, m.note, a.nom, a.prenom, s.palier, e.debut, e.fin, e.motif_categorie,
    s.motif_decision, p.id AS parcours_id
FROM pdp.suivi_medical m
JOIN pdp.signalement s ON s.id = m.signalement_id
JOIN pdp.episode e ON e.id = s.episode_id
JOIN identite.assure a ON a.id = m.assure_id
LEFT JOIN pdp.parcours p ON p.assure_id = m.assure_id AND p.clos_at IS NULL
WHERE m.clos_at IS NULL AND (cast(:cible AS text) IS NULL OR m.cible = :cible)
ORDER BY m.echeance_at, m.id
LIMIT :limite;

-- name: compter
-- Open follow-ups by who has them, and how many are overdue.
SELECT count(*) FILTER (WHERE cible = 'oriente_ism') AS ism, count(*) FILTER (WHERE cible = 'convocation_mc') AS convocations,
    count(*) FILTER (WHERE echeance_at < :maintenant) AS en_retard
FROM pdp.suivi_medical
WHERE clos_at IS NULL;

-- name: verrouiller
-- One follow-up, locked.
SELECT id, plateforme_id, assure_id, signalement_id, cible, echeance_at, clos_at FROM pdp.suivi_medical WHERE id = :suivi FOR UPDATE;

-- name: reporter
-- News later.
UPDATE pdp.suivi_medical SET echeance_at = :echeance, reports = reports + 1, note = :note WHERE id = :suivi;

-- name: clore
-- The end, with who says so.
UPDATE pdp.suivi_medical SET clos_at = :maintenant, clos_par = :par, issue = :issue, note = :note WHERE id = :suivi;
