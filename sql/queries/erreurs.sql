-- Entries of a case declared an error, and the status that follows from what remains.

-- name: lister_contes
-- What was told of a parcours, oldest first, without the acts that were taken back.
SELECT v.evenement AS code, v.donnees
FROM journal.evenement v
WHERE v.parcours_id = :parcours AND NOT EXISTS (
    SELECT 1 FROM pdp.acte a
    WHERE a.parcours_id = v.parcours_id AND a.annule_at IS NOT NULL AND a.erreur_motif IS NULL
        AND v.id > a.evenement_avant AND v.id <= a.evenement_apres
)
ORDER BY v.id;

-- name: lister_erreurs
-- Rows of a parcours entered in error.
SELECT id::text FROM pdp.contact WHERE parcours_id = :parcours AND saisie_par_erreur_at IS NOT NULL
UNION ALL SELECT id::text FROM pdp.tele_echange WHERE parcours_id = :parcours AND saisie_par_erreur_at IS NOT NULL
UNION ALL SELECT id::text FROM pdp.accord WHERE parcours_id = :parcours AND saisie_par_erreur_at IS NOT NULL
UNION ALL SELECT id::text FROM pdp.orientation WHERE parcours_id = :parcours AND saisie_par_erreur_at IS NOT NULL;

-- name: lister_pieces
-- What may be declared an error in a case, latest first, with what was declared already.
SELECT 'contact' AS table, c.id, c.survenu_at AS le, c.resultat AS valeur, NULL AS precision, c.saisie_par_erreur_at AS erreur_at
FROM pdp.contact c WHERE c.parcours_id = :parcours
UNION ALL
SELECT 'tele_echange', t.id, t.debut_at, t.statut, NULL, t.saisie_par_erreur_at FROM pdp.tele_echange t WHERE t.parcours_id = :parcours
UNION ALL
SELECT 'accord', a.id, a.recueilli_at, a.decision, a.destinataire, a.saisie_par_erreur_at FROM pdp.accord a WHERE a.parcours_id = :parcours
UNION ALL
SELECT 'orientation', o.id, o.proposee_at, o.statut, o.dispositif, o.saisie_par_erreur_at FROM pdp.orientation o WHERE o.parcours_id = :parcours
UNION ALL
SELECT 'issue', i.id, i.decide_at, i.situation, i.jalon, i.annule_at FROM pdp.issue i WHERE i.parcours_id = :parcours
UNION ALL
SELECT 'soutien_psy', s.id, s.enregistre_at, s.resultat, NULL, s.saisie_par_erreur_at FROM pdp.soutien_psy s WHERE s.parcours_id = :parcours
ORDER BY le DESC, id;

-- name: lister_relais
-- Hand-overs that an agreement covers and that a partner may still act upon.
SELECT id FROM pdp.orientation WHERE accord_id = :accord AND statut IN ('envoyee', 'recue', 'acceptee', 'en_cours') ORDER BY id;

-- name: effacer_reponses
-- What was written of another person is not kept.
UPDATE pdp.tele_echange SET emploi = '{}', social = '{}', bilan = '{}', synthese = NULL WHERE id = ANY (cast(:ids AS uuid[]));

-- name: marquer_acte
-- The act that wrote this row is known to be an error.
UPDATE pdp.acte SET annule_at = :maintenant, annule_par = :par, erreur_motif = :motif
WHERE assure_id = :assure AND annule_at IS NULL AND lignes @> cast(:ligne AS jsonb);

-- name: demarquer
-- The declaration of an error was itself taken back.
UPDATE pdp.acte SET annule_at = NULL, annule_par = NULL, erreur_motif = NULL
WHERE assure_id = :assure AND erreur_motif IS NOT NULL AND annule_at = :declare_at;

-- name: fixer_statut
-- As it follows from what remains.
UPDATE pdp.parcours SET statut = :statut, version = version + 1 WHERE id = :parcours;
