-- name: lire_faits
-- What the platform knows that bears on Mon soutien psy: date of birth, and the absence of that day (a late prolongation is waited for).
SELECT p.id, p.plateforme_id, p.assure_id, s.date_naissance, e.debut AS arret_debut, e.motif_categorie
FROM pdp.parcours p
JOIN identite.assure s ON s.id = p.assure_id
LEFT JOIN LATERAL (
    SELECT debut, motif_categorie FROM pdp.episode
    WHERE assure_id = p.assure_id AND etat = 'courant' AND debut <= :jour AND fin + cast(:marge_jours AS integer) >= :jour
    ORDER BY debut DESC LIMIT 1
) e ON true
WHERE p.id = :parcours;

-- name: lister_arrets_psychiques
-- Absences of the person for a psychic reason that began before that day, latest first.
SELECT debut, fin FROM pdp.episode
WHERE assure_id = :assure AND etat = 'courant' AND motif_categorie = 'psychique' AND debut < :avant
ORDER BY fin DESC;

-- name: trouver
-- What was recorded for the parcours.
SELECT id, resultat, eligibilite, fenetre_au, arrete_le, arret_motif FROM pdp.soutien_psy WHERE parcours_id = :parcours AND saisie_par_erreur_at IS NULL;

-- name: enregistrer
-- One row per parcours; its history is in the journal.
INSERT INTO pdp.soutien_psy (plateforme_id, parcours_id, resultat, eligibilite, motifs, fenetre_au, enregistre_par, enregistre_at)
VALUES (:plateforme, :parcours, :resultat, :eligibilite, cast(:motifs AS jsonb), :fenetre, :par, :maintenant)
ON CONFLICT (parcours_id) DO UPDATE SET resultat = excluded.resultat, eligibilite = excluded.eligibilite, motifs = excluded.motifs,
    fenetre_au = excluded.fenetre_au, enregistre_par = excluded.enregistre_par, enregistre_at = excluded.enregistre_at,
    saisie_par_erreur_at = NULL, arrete_le = NULL, arret_motif = NULL;

-- name: lister_seances
-- Sessions declared for the person, on whichever parcours, oldest first.
SELECT x.id, x.parcours_id, x.seance_le, x.source, x.declaree_at FROM pdp.seance_psy x
JOIN pdp.parcours q ON q.id = x.parcours_id
JOIN pdp.parcours p ON p.assure_id = q.assure_id
WHERE p.id = :parcours AND x.saisie_par_erreur_at IS NULL ORDER BY x.seance_le, x.declaree_at, x.id;

-- name: declarer_seance
-- One session; a day already known on this parcours gives no row.
INSERT INTO pdp.seance_psy (plateforme_id, parcours_id, seance_le, source, orientation_id, declaree_par, declaree_at)
VALUES (:plateforme, :parcours, :le, :source, :orientation, :par, :maintenant)
ON CONFLICT (parcours_id, seance_le) WHERE saisie_par_erreur_at IS NULL DO NOTHING
RETURNING id;

-- name: arreter
-- The sessions stopped.
UPDATE pdp.soutien_psy SET arrete_le = :le, arret_motif = :motif WHERE parcours_id = :parcours AND saisie_par_erreur_at IS NULL;

-- name: retirer_seance
-- It did not take place.
UPDATE pdp.seance_psy SET saisie_par_erreur_at = :maintenant WHERE id = :seance AND parcours_id = :parcours AND saisie_par_erreur_at IS NULL RETURNING seance_le;

-- name: lire_retour
-- What a psychologist may say of a hand-over: whether the person agreed to hear dates back, and those already said.
SELECT o.dispositif = 'psychologue' AND 'seances' = ANY (o.classes) AND o.statut IN ('acceptee', 'en_cours') AS accordees,
    ARRAY(SELECT DISTINCT d FROM pdp.inbox i, unnest(i.seances) AS d WHERE i.orientation_id = o.id ORDER BY d) AS dites
FROM pdp.orientation o WHERE o.id = :orientation;

-- name: lire_accord_retour
-- Whether the agreement that covers a hand-over lets its psychologist say dates that day.
SELECT coalesce('seances' = ANY (pdp.accord_vivant(o.accord_id, o.partenaire_id, :jour)), false) FROM pdp.orientation o WHERE o.id = :orientation;
