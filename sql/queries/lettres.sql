-- name: lister
-- Letters that wait to be printed or posted: of the platform, or those of the ids given.
SELECT o.id, o.cle, o.plateforme_id, o.parcours_id, o.canal, o.type, o.charge, o.etat, o.essais, o.cree_at, o.imprime_at, o.trop_tard_at, a.nom, a.prenom,
    c.csam_id, g.prenom || ' ' || g.nom AS csam_nom,
    EXISTS (SELECT 1 FROM identite.adresse_postale q WHERE q.assure_id = a.id) AS adresse
FROM pdp.outbox o
JOIN pdp.parcours c ON c.id = o.parcours_id
JOIN identite.assure a ON a.id = c.assure_id
LEFT JOIN pdp.agent g ON g.id = c.csam_id
WHERE o.canal = 'courrier' AND o.etat = 'a_envoyer' AND (cast(:ids AS uuid[]) IS NULL OR o.id = ANY (cast(:ids AS uuid[])))
ORDER BY o.cree_at, o.id;

-- name: lire
-- One letter of a parcours, whatever its state.
SELECT o.id, o.charge, o.imprime_at, a.nom, a.prenom
FROM pdp.outbox o JOIN pdp.parcours c ON c.id = o.parcours_id JOIN identite.assure a ON a.id = c.assure_id
WHERE o.id = :id AND o.parcours_id = :parcours AND o.canal = 'courrier';

-- name: verrouiller
-- Two people who print the same letters at once: one after the other.
SELECT id FROM pdp.outbox WHERE id = ANY (cast(:ids AS uuid[])) AND canal = 'courrier' ORDER BY id FOR UPDATE;

-- name: imprimer
-- Printed; the first print counts as the day, the address is the one of the last.
UPDATE pdp.outbox SET imprime_at = coalesce(imprime_at, :maintenant), adresse_empreinte = :empreinte
WHERE id = :id AND canal = 'courrier' AND etat = 'a_envoyer';

-- name: ecarter
-- It may no longer leave.
UPDATE pdp.outbox SET etat = 'rappele', dernier_code = :code WHERE id = :id AND canal = 'courrier' AND etat = 'a_envoyer';

-- name: poster
-- Handed to the post; only what was printed.
UPDATE pdp.outbox SET etat = 'livre', livre_at = :maintenant, dernier_code = 'poste'
WHERE id = :id AND canal = 'courrier' AND etat = 'a_envoyer' AND imprime_at IS NOT NULL RETURNING id;

-- name: verrouiller_postee
-- A letter that may have come back.
SELECT id, cle, plateforme_id, parcours_id, canal, type, etat, essais, remise FROM pdp.outbox
WHERE id = :id AND parcours_id = :parcours AND canal = 'courrier' FOR UPDATE;

-- name: revenir
-- Returned by the post.
UPDATE pdp.outbox SET remise = 'echec_definitif', remise_at = :maintenant, remise_code = 'npai' WHERE id = :id AND remise IS NULL;

-- name: remettre_a_imprimer
-- Printed and not posted: to print again.
UPDATE pdp.outbox SET imprime_at = NULL
WHERE id = ANY (cast(:ids AS uuid[])) AND canal = 'courrier' AND etat = 'a_envoyer' AND imprime_at IS NOT NULL
RETURNING id, plateforme_id, parcours_id, type;

-- name: annuler_poste
-- Marked as posted by one click: to post again, unless it already came back.
UPDATE pdp.outbox SET etat = 'a_envoyer', livre_at = NULL, dernier_code = NULL
WHERE canal = 'courrier' AND etat = 'livre' AND livre_at = :poste_at AND remise IS NULL
RETURNING id, plateforme_id, parcours_id, type;
