-- name: trouver_plateforme
-- Whose calendar counts for a parcours.
SELECT plateforme_id FROM pdp.parcours WHERE id = :parcours;

-- name: lire_partenaire
-- One partner.
SELECT id, plateforme_id, type, nom, canal, delai_reponse_jours FROM pdp.partenaire WHERE id = :partenaire;

-- name: trouver_active
-- The active hand-over to this kind of service.
SELECT id FROM pdp.orientation
WHERE parcours_id = :parcours AND dispositif = :dispositif
    AND statut IN ('brouillon', 'en_attente_accord', 'envoyee', 'recue', 'acceptee', 'en_cours');

-- name: trouver_accord
-- The agreement that covers this partner today, with the data it covers; being followed at all must not have been refused or withdrawn since.
SELECT a.id, e.classes, t.partage FROM pdp.accord_en_vigueur(:parcours, :destinataire, :partenaire, :jour) e
JOIN pdp.accord a ON a.id = e.id AND a.retire_at IS NULL
LEFT JOIN referentiel.texte_accord t ON t.empreinte = a.texte_empreinte
WHERE NOT pdp.accompagnement_refuse(:parcours)
FOR SHARE OF a;

-- name: lire_accord
-- The same, to show it.
SELECT e.id, e.classes, t.partage FROM pdp.accord_en_vigueur(:parcours, :destinataire, :partenaire, :jour) e
JOIN pdp.accord a ON a.id = e.id
LEFT JOIN referentiel.texte_accord t ON t.empreinte = a.texte_empreinte
WHERE NOT pdp.accompagnement_refuse(:parcours);

-- name: lire_faits
-- Everything that could be told; the agreed classes then choose.
SELECT s.nom, s.prenom, to_char(s.date_naissance, 'YYYY-MM-DD') AS date_naissance, k.telephone, k.courriel,
    to_char(e.debut, 'YYYY-MM-DD') AS arret_debut, to_char(e.fin, 'YYYY-MM-DD') AS arret_fin_prescrite, t.emploi, t.social
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
CROSS JOIN LATERAL identite.coordonnees(s.id) k
LEFT JOIN LATERAL (SELECT debut, fin FROM pdp.episode WHERE assure_id = p.assure_id AND etat = 'courant' ORDER BY debut DESC LIMIT 1) e ON true
LEFT JOIN LATERAL (SELECT emploi, social FROM pdp.tele_echange WHERE parcours_id = p.id AND statut IN ('realise', 'realise_partiel')
    ORDER BY debut_at DESC LIMIT 1) t ON true
WHERE p.id = :parcours;

-- name: proposer
-- The hand-over, numbered after earlier ones to the same kind of service.
INSERT INTO pdp.orientation (plateforme_id, parcours_id, partenaire_id, dispositif, accord_id, revision, statut, motif, contenu, classes, propose_par,
    proposee_at, reponse_attendue_le)
SELECT p.plateforme_id, p.id, :partenaire, :dispositif, :accord,
    1 + (SELECT count(*) FROM pdp.orientation o WHERE o.parcours_id = p.id AND o.dispositif = :dispositif), 'envoyee', :motif, cast(:contenu AS jsonb),
    :classes, :par, :maintenant, :attendue
FROM pdp.parcours p WHERE p.id = :parcours
RETURNING id, revision;

-- name: trouver_parcours
-- The parcours a hand-over belongs to, to lock it first.
SELECT parcours_id FROM pdp.orientation WHERE id = :orientation;

-- name: verrouiller
-- One hand-over, locked, with the transport by which it left (its partner may have changed since).
SELECT o.id, o.plateforme_id, o.parcours_id, o.partenaire_id, o.statut, o.envoyee_at,
    coalesce((SELECT x.canal FROM pdp.outbox x
        WHERE x.orientation_id = o.id AND x.type = 'orientation' ORDER BY x.cree_at DESC, x.id DESC LIMIT 1), n.canal) AS canal
FROM pdp.orientation o JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.id = :orientation FOR NO KEY UPDATE OF o;

-- name: verrouiller_actives
-- Active hand-overs of a parcours, locked.
SELECT o.id, o.plateforme_id, o.parcours_id, o.partenaire_id, o.statut, o.envoyee_at,
    coalesce((SELECT x.canal FROM pdp.outbox x
        WHERE x.orientation_id = o.id AND x.type = 'orientation' ORDER BY x.cree_at DESC, x.id DESC LIMIT 1), n.canal) AS canal
FROM pdp.orientation o JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.parcours_id = :parcours AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
    AND (cast(:dispositif AS text) IS NULL OR o.dispositif = :dispositif) AND (cast(:partenaire AS uuid) IS NULL OR o.partenaire_id = :partenaire)
FOR NO KEY UPDATE OF o;

-- name: verrouiller_couvertes
-- Active hand-overs that an agreement covers, locked, with what they hold.
SELECT o.id, o.plateforme_id, o.parcours_id, o.partenaire_id, o.dispositif, o.revision, o.statut, o.motif, o.contenu, o.classes, o.proposee_at,
    o.envoyee_at, n.type,
    coalesce((SELECT x.canal FROM pdp.outbox x
        WHERE x.orientation_id = o.id AND x.type = 'orientation' ORDER BY x.cree_at DESC, x.id DESC LIMIT 1), n.canal) AS canal
FROM pdp.orientation o JOIN pdp.partenaire n ON n.id = o.partenaire_id
WHERE o.accord_id = :accord AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
FOR NO KEY UPDATE OF o;

-- name: reduire
-- What it holds and may hold from now on.
UPDATE pdp.orientation SET contenu = cast(:contenu AS jsonb), classes = :classes WHERE id = :orientation;

-- name: lire_premier_contenu
-- What was first written to its partner.
SELECT x.charge -> 'contenu' FROM pdp.outbox x WHERE x.orientation_id = :orientation AND x.type = 'orientation'
ORDER BY x.cree_at, (SELECT count(*) FROM jsonb_object_keys(x.charge -> 'contenu')) DESC, x.id LIMIT 1; -- what was handed over only shrinks

-- name: annuler
-- Taken back: the partner no longer sees it.
UPDATE pdp.orientation SET statut = 'annulee', repondue_at = :maintenant WHERE id = :orientation;
