-- name: trouver_courant
-- The link in use of a hand-over.
SELECT id, generation, cree_at, expire_at, ouvert_at FROM pdp.lien_partenaire WHERE orientation_id = :orientation AND remplace_at IS NULL;

-- name: trouver_valable
-- The link in use of a hand-over that still stands, with how many there were; no row once it is taken back.
SELECT o.plateforme_id, o.partenaire_id, l.id, l.expire_at, coalesce(g.generation, 0) AS generation
FROM pdp.orientation o
LEFT JOIN pdp.lien_partenaire l ON l.orientation_id = o.id AND l.remplace_at IS NULL
LEFT JOIN LATERAL (SELECT max(x.generation) AS generation FROM pdp.lien_partenaire x WHERE x.orientation_id = o.id) g ON true
WHERE o.id = :orientation AND o.statut NOT IN ('brouillon', 'en_attente_accord', 'annulee', 'expiree');

-- name: remplacer_perime
-- The link that has expired stops, that one only: another worker may have just made the next.
UPDATE pdp.lien_partenaire SET remplace_at = :maintenant WHERE id = :lien AND remplace_at IS NULL RETURNING id;

-- name: remplacer
-- The link in use stops; former ones say so.
UPDATE pdp.lien_partenaire SET remplace_at = :maintenant WHERE orientation_id = :orientation AND remplace_at IS NULL RETURNING id;

-- name: creer
-- The next link of a hand-over; no row when another worker made it.
INSERT INTO pdp.lien_partenaire (plateforme_id, orientation_id, partenaire_id, generation, cree_at, expire_at)
VALUES (:plateforme, :orientation, :partenaire, :generation, :maintenant, :expire)
ON CONFLICT DO NOTHING
RETURNING id, expire_at;

-- name: lire_pour_renouveler
-- What a new link needs to know of a hand-over, and how many were asked for.
SELECT o.id, o.plateforme_id, o.parcours_id, o.partenaire_id, o.statut, p.canal,
    (SELECT count(*) FROM pdp.outbox m WHERE m.orientation_id = o.id AND m.charge ->> 'genre' = 'nouveau_lien') AS demandes,
    (SELECT m.id FROM pdp.outbox m WHERE m.orientation_id = o.id AND m.charge ->> 'genre' = 'nouveau_lien' AND m.etat IN ('a_envoyer', 'en_cours')
        LIMIT 1) AS en_attente,
    EXISTS (SELECT 1 FROM pdp.outbox m WHERE m.orientation_id = o.id AND m.canal = 'lien') AS parti_par_lien
FROM pdp.orientation o JOIN pdp.partenaire p ON p.id = o.partenaire_id
WHERE o.id = :orientation;

-- name: trouver
-- Whose link it is.
SELECT plateforme_id, partenaire_id FROM pdp.trouver_lien_partenaire(:lien);

-- name: presenter
-- What the browser of the holder shows, for this transaction: the cookie by its hash, and the name left with the answers.
SELECT set_config('pdp.lien_acces', :acces, true), set_config('pdp.repondant', :repondant, true);

-- name: lire
-- What the holder may know.
SELECT * FROM pdp.lire_lien_partenaire();

-- name: demander_code
-- A code leaves to the address of the partner.
SELECT pdp.demander_code_lien(:code, :empreinte, :ecart, :par_jour, :essais_max, :minutes);

-- name: verifier_code
-- Second step.
SELECT pdp.verifier_code_lien(:empreinte, :acces, :minutes, :repondant);

-- name: demander_lien
-- The link, or another, leaves to the address of the partner.
SELECT pdp.renouveler_lien_partenaire(:par_jour, :ecart, :horizon);

-- name: fermer_acces
-- The reader leaves.
SELECT pdp.fermer_acces_lien();

-- name: lister_dites
-- What the structure said so far of the hand-over of the link, oldest first.
SELECT i.nature, i.statut, i.compte_rendu, i.rendez_vous_at, i.repondant, i.survenu_at, i.traite_at, i.resultat
FROM pdp.inbox i WHERE i.orientation_id = :orientation ORDER BY i.version, i.recu_at, i.id;

-- name: lister_echanges
-- Questions between the structure and the platform about the hand-over of the link, oldest first.
SELECT q.par, q.texte, q.posee_at, q.reponse, q.repondue_at
FROM pdp.echange_question q WHERE q.orientation_id = :orientation AND q.retiree_at IS NULL ORDER BY q.posee_at, q.id;
