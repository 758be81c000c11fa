-- name: list_orientations
-- Hand-overs the partner of the signed context may see, with its last answer still on its way; earliest expected answer first.
SELECT o.id, o.dispositif, o.statut, o.motif, o.contenu, o.envoyee_at, o.repondue_at, o.reponse_attendue_le, o.refus_motif,
       o.compte_rendu, o.version_partenaire, a.statut AS attente_statut, a.recu_at AS attente_recu_at,
       a.motif AS attente_motif, a.compte_rendu AS attente_compte_rendu
FROM pdp.orientation o
LEFT JOIN LATERAL (
    SELECT i.statut, i.recu_at, i.motif, i.compte_rendu
    FROM pdp.inbox i
    WHERE i.orientation_id = o.id AND i.traite_at IS NULL
    ORDER BY i.version DESC, i.recu_at DESC
    LIMIT 1
) a ON true
WHERE coalesce(o.repondue_at, o.envoyee_at) >= :depuis
   OR o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
ORDER BY o.reponse_attendue_le, o.envoyee_at, o.id;

-- name: find_orientation
-- One hand-over of the partner of the signed context, with its last answer still on its way.
SELECT o.id, o.dispositif, o.statut, o.motif, o.contenu, o.envoyee_at, o.repondue_at, o.reponse_attendue_le, o.refus_motif,
       o.compte_rendu, o.version_partenaire, a.statut AS attente_statut, a.recu_at AS attente_recu_at,
       a.motif AS attente_motif, a.compte_rendu AS attente_compte_rendu
FROM pdp.orientation o
LEFT JOIN LATERAL (
    SELECT i.statut, i.recu_at, i.motif, i.compte_rendu
    FROM pdp.inbox i
    WHERE i.orientation_id = o.id AND i.traite_at IS NULL
    ORDER BY i.version DESC, i.recu_at DESC
    LIMIT 1
) a ON true
WHERE o.id = :orientation_id;

-- name: list_reponses
-- Answers given so far on one hand-over, oldest first.
SELECT i.statut, i.motif, i.compte_rendu, i.survenu_at, i.recu_at, i.traite_at, i.resultat
FROM pdp.inbox i
WHERE i.orientation_id = :orientation_id
ORDER BY i.version, i.recu_at;

-- name: find_partenaire
-- Name and kind of the partner of the signed context.
SELECT p.nom, p.type, p.delai_reponse_jours, f.libelle AS plateforme, f.telephone AS plateforme_telephone
FROM pdp.partenaire p JOIN pdp.plateforme f ON f.id = p.plateforme_id;
