-- name: list_orientations
-- Hand-overs the partner of the signed context may see, with its last step and its last word still on their way, and a question put to it.
-- Earliest deadline of the partner first.
SELECT o.id, o.dispositif, o.statut, o.motif_lisible AS motif, o.contenu_lisible AS contenu, o.envoyee_at, o.repondue_at, o.reponse_attendue_le, o.refus_motif,
    o.compte_rendu, o.version_partenaire, o.etape, o.balle, o.echeance_at, o.rendez_vous_at, o.rendez_vous_manque_at,
    a.statut AS attente_statut, a.recu_at AS attente_recu_at, a.motif AS attente_motif, a.compte_rendu AS attente_compte_rendu,
    e.nature AS attente_nature, e.rendez_vous_at AS attente_rendez_vous_at, q.texte AS question, q.posee_at AS question_at
FROM pdp.orientation o
LEFT JOIN LATERAL (
    SELECT i.statut, i.recu_at, i.motif, i.compte_rendu
    FROM pdp.inbox i
    WHERE i.orientation_id = o.id AND i.traite_at IS NULL AND i.nature = 'statut'
    ORDER BY i.version DESC, i.recu_at DESC
    LIMIT 1
) a ON true
LEFT JOIN LATERAL (
    SELECT i.nature, i.rendez_vous_at
    FROM pdp.inbox i
    WHERE i.orientation_id = o.id AND i.traite_at IS NULL AND i.nature <> 'statut'
    ORDER BY i.version DESC, i.recu_at DESC
    LIMIT 1
) e ON true
LEFT JOIN LATERAL (
    SELECT x.texte, x.posee_at FROM pdp.echange_question x
    WHERE x.orientation_id = o.id AND x.par = 'csam' AND x.repondue_at IS NULL
    ORDER BY x.posee_at, x.id LIMIT 1
) q ON true
WHERE coalesce(o.repondue_at, o.envoyee_at) >= :depuis
   OR o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
ORDER BY coalesce(o.echeance_at, cast(o.reponse_attendue_le AS timestamp) AT TIME ZONE 'Europe/Paris'), o.envoyee_at, o.id;

-- name: find_orientation
-- One hand-over of the partner of the signed context, read as in the list.
SELECT o.id, o.dispositif, o.statut, o.motif_lisible AS motif, o.contenu_lisible AS contenu, o.envoyee_at, o.repondue_at, o.reponse_attendue_le, o.refus_motif,
    o.compte_rendu, o.version_partenaire, o.etape, o.balle, o.echeance_at, o.rendez_vous_at, o.rendez_vous_manque_at,
    a.statut AS attente_statut, a.recu_at AS attente_recu_at, a.motif AS attente_motif, a.compte_rendu AS attente_compte_rendu,
    e.nature AS attente_nature, e.rendez_vous_at AS attente_rendez_vous_at, q.texte AS question, q.posee_at AS question_at
FROM pdp.orientation o
LEFT JOIN LATERAL (
    SELECT i.statut, i.recu_at, i.motif, i.compte_rendu
    FROM pdp.inbox i
    WHERE i.orientation_id = o.id AND i.traite_at IS NULL AND i.nature = 'statut'
    ORDER BY i.version DESC, i.recu_at DESC
    LIMIT 1
) a ON true
LEFT JOIN LATERAL (
    SELECT i.nature, i.rendez_vous_at
    FROM pdp.inbox i
    WHERE i.orientation_id = o.id AND i.traite_at IS NULL AND i.nature <> 'statut'
    ORDER BY i.version DESC, i.recu_at DESC
    LIMIT 1
) e ON true
LEFT JOIN LATERAL (
    SELECT x.texte, x.posee_at FROM pdp.echange_question x
    WHERE x.orientation_id = o.id AND x.par = 'csam' AND x.repondue_at IS NULL
    ORDER BY x.posee_at, x.id LIMIT 1
) q ON true
WHERE o.id = :orientation_id;

-- name: list_reponses
-- What the partner said of one hand-over, oldest first; questions are in the thread.
SELECT i.nature, i.statut, i.motif, i.compte_rendu, i.rendez_vous_at, i.survenu_at, i.recu_at, i.traite_at, i.resultat, i.transport
FROM pdp.inbox i
WHERE i.orientation_id = :orientation_id
ORDER BY i.version, i.recu_at;

-- name: list_questions
-- Questions between the partner and the platform, oldest first, with those still on their way.
SELECT x.par, x.texte, x.posee_at, x.reponse, x.repondue_at, true AS recue
FROM pdp.echange_question x
WHERE x.orientation_id = :orientation_id
UNION ALL
SELECT 'partenaire', i.compte_rendu, i.survenu_at, NULL, NULL, false
FROM pdp.inbox i
WHERE i.orientation_id = :orientation_id AND i.nature = 'question' AND i.traite_at IS NULL
ORDER BY 3, 1;

-- name: find_partenaire
-- Name and kind of the partner of the signed context.
SELECT p.id, p.nom, p.type, p.canal, p.delai_reponse_jours, f.libelle AS plateforme, f.telephone AS plateforme_telephone
FROM pdp.partenaire p JOIN pdp.plateforme f ON f.id = p.plateforme_id;
