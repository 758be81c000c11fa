-- name: trouver_precedent
-- Message that another one follows in the partner's mailbox: its hand-over; for a hand-over, the one taken back that it replaces.
SELECT x.cle
FROM pdp.outbox o
JOIN pdp.outbox x ON x.parcours_id = o.parcours_id AND x.partenaire_id = o.partenaire_id AND x.type = 'orientation' AND x.canal = 'messagerie'
JOIN pdp.orientation p ON p.id = x.orientation_id
WHERE o.id = :message
    AND CASE WHEN o.type = 'orientation'
        THEN x.id <> o.id AND p.statut = 'annulee' AND x.etat IN ('livre', 'incertain') AND x.cree_at <= o.cree_at
        ELSE x.orientation_id = o.orientation_id END
ORDER BY x.cree_at DESC
LIMIT 1;
