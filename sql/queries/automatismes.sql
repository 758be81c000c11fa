-- name: compter
-- What each automatic rule did on a platform since an instant, and when last: one statement, counts only.
SELECT 'tache' AS genre, t.motif AS code, count(*)::integer AS nombre, max(t.ouverte_at) AS dernier_at
FROM pdp.tache t
WHERE t.plateforme_id = :plateforme AND t.origine = 'automatique' AND t.ouverte_at >= :depuis
GROUP BY t.motif
UNION ALL
SELECT 'alerte', a.type, count(*)::integer, max(a.connu_at)
FROM pdp.alerte a
WHERE a.plateforme_id = :plateforme AND a.connu_at >= :depuis
GROUP BY a.type
UNION ALL
SELECT 'message', o.type, count(*)::integer, max(o.cree_at)
FROM pdp.outbox o
WHERE o.plateforme_id = :plateforme AND o.cree_at >= :depuis
GROUP BY o.type
UNION ALL
SELECT 'regle', m.regle, count(*)::integer, max(s.connu_at)
FROM pdp.signalement_motif m JOIN pdp.signalement s ON s.id = m.signalement_id
WHERE m.plateforme_id = :plateforme AND s.connu_at >= :depuis
GROUP BY m.regle
UNION ALL
SELECT 'blocage', r.code, r.trouves, r.cherche_at
FROM pdp.regard r
WHERE r.plateforme_id = :plateforme
UNION ALL
SELECT 'traitement', p.dag, count(*)::integer, max(p.fin_at)
FROM pdp.passage p
WHERE p.debut_at >= :depuis AND p.fin_at IS NOT NULL
GROUP BY p.dag;
