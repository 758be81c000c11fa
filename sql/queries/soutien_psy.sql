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
SELECT id, resultat, eligibilite, fenetre_au FROM pdp.soutien_psy WHERE parcours_id = :parcours AND saisie_par_erreur_at IS NULL;

-- name: enregistrer
-- One row per parcours; its history is in the journal.
INSERT INTO pdp.soutien_psy (plateforme_id, parcours_id, resultat, eligibilite, motifs, fenetre_au, enregistre_par, enregistre_at)
VALUES (:plateforme, :parcours, :resultat, :eligibilite, cast(:motifs AS jsonb), :fenetre, :par, :maintenant)
ON CONFLICT (parcours_id) DO UPDATE SET resultat = excluded.resultat, eligibilite = excluded.eligibilite, motifs = excluded.motifs,
    fenetre_au = excluded.fenetre_au, enregistre_par = excluded.enregistre_par, enregistre_at = excluded.enregistre_at,
    saisie_par_erreur_at = NULL;
