-- name: trouver_parcours
-- The parcours an agreement belongs to, to lock it first.
SELECT parcours_id FROM pdp.accord WHERE id = :accord;

-- name: lister_actifs
-- Agreements given to this kind of recipient and never taken back; for one service, or the ones given for all of them first.
SELECT a.id, a.expire_le, a.classes, a.classes_retirees, a.partenaire_id FROM pdp.accord a
WHERE a.parcours_id = :parcours AND a.destinataire = :destinataire AND a.decision = 'accorde' AND a.retire_at IS NULL
ORDER BY (a.partenaire_id IS NOT NULL), a.ordre;

-- name: trouver_texte
-- Fingerprint of a published text.
SELECT empreinte FROM referentiel.texte_accord WHERE version = :version;

-- name: enregistrer
-- One decision of the insured.
INSERT INTO pdp.accord (plateforme_id, parcours_id, destinataire, partenaire_id, decision, finalite, classes, classes_refusees, modalite, texte_version,
    texte_empreinte, texte_lu, recueilli_par, recueilli_at, expire_le)
VALUES (:plateforme, :parcours, :destinataire, :partenaire, :decision, :finalite, :classes, :refusees, :modalite, :version, :empreinte, :lu, :par,
    :maintenant, :expire)
RETURNING id;

-- name: verrouiller
-- One agreement, locked.
SELECT id, plateforme_id, parcours_id, destinataire, partenaire_id, decision, retire_at, classes, classes_retirees
FROM pdp.accord WHERE id = :accord FOR NO KEY UPDATE;

-- name: retirer
-- It ends.
UPDATE pdp.accord SET retire_at = :maintenant, retrait_canal = :canal WHERE id = :accord;

-- name: retirer_classes
-- Some of its data are taken back.
UPDATE pdp.accord SET classes_retirees = :classes WHERE id = :accord;

-- name: consigner_retrait
-- What the person took back, and what it did.
INSERT INTO pdp.accord_retrait (plateforme_id, accord_id, classes, canal, retire_at, retire_par, effets)
VALUES (:plateforme, :accord, :classes, :canal, :maintenant, :par, cast(:effets AS jsonb));

-- name: reprendre_orientations
-- Active hand-overs follow the agreement that takes the place of theirs.
UPDATE pdp.orientation SET accord_id = :nouveau
WHERE accord_id = :ancien AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
    AND classes <@ (SELECT a.classes FROM pdp.accord a WHERE a.id = :nouveau)
RETURNING id;

-- name: lister
-- Every word of the person about her agreements, latest first, with the very text, who wrote it down, and whether it was an error.
SELECT a.id, a.destinataire, a.partenaire_id, n.nom AS partenaire_nom, a.decision, a.finalite, a.classes, a.classes_refusees, a.classes_retirees,
    a.modalite, a.texte_version, t.texte, t.partage, a.texte_lu, a.recueilli_at, g.prenom || ' ' || g.nom AS recueilli_par, a.expire_le, a.retire_at,
    a.retrait_canal, a.saisie_par_erreur_at, pdp.accord_vivant(a.id, a.partenaire_id, :jour) AS vivantes
FROM pdp.accord a
JOIN pdp.agent g ON g.id = a.recueilli_par
LEFT JOIN pdp.partenaire n ON n.id = a.partenaire_id
LEFT JOIN referentiel.texte_accord t ON t.empreinte = a.texte_empreinte
WHERE a.parcours_id = :parcours ORDER BY a.recueilli_at DESC, a.ordre DESC;

-- name: lister_retraits
-- What the person took back, oldest first, with what it did.
SELECT r.accord_id, r.classes, r.canal, r.retire_at, g.prenom || ' ' || g.nom AS retire_par, r.effets, r.saisie_par_erreur_at
FROM pdp.accord_retrait r JOIN pdp.accord a ON a.id = r.accord_id LEFT JOIN pdp.agent g ON g.id = r.retire_par
WHERE a.parcours_id = :parcours ORDER BY r.retire_at, r.ordre;

-- name: lister_couverts
-- Services of one kind in activity that day, to say whether the agreement is given for one of them only.
SELECT n.id, n.nom FROM pdp.partenaire n JOIN pdp.parcours p ON p.plateforme_id = n.plateforme_id
WHERE p.id = :parcours AND n.type = :type AND n.actif_du <= :jour AND (n.actif_au IS NULL OR :jour <= n.actif_au) ORDER BY n.nom, n.id;
