-- name: lire_preference
-- The word of the person in force.
SELECT langue, interprete, accessibilite, canal_prefere, moments, refus, dit_at FROM pdp.preference_du(:assure);

-- name: lire_coordonnees
-- Number and address to use, with who said them.
SELECT * FROM identite.coordonnees(:assure);

-- name: lister_coordonnees
-- History of what was said or found wrong, latest first; entered in error left out.
SELECT d.genre, d.valeur, d.etat, d.dit_at, a.prenom, a.nom
FROM identite.coordonnee_dite d JOIN pdp.agent a ON a.id = d.saisi_par
WHERE d.assure_id = :assure AND d.retiree_at IS NULL
ORDER BY d.dit_at DESC, d.id DESC LIMIT 20;

-- name: ecrire_preference
-- One word per form.
INSERT INTO pdp.preference_contact (plateforme_id, assure_id, langue, interprete, accessibilite, canal_prefere, moments, refus, cle_saisie, dit_at, saisi_par)
VALUES (:plateforme, :assure, :langue, :interprete, cast(:accessibilite AS text[]), :canal, cast(:moments AS text[]), cast(:refus AS text[]), :cle,
    :maintenant, :par)
ON CONFLICT (cle_saisie) DO NOTHING
RETURNING id;

-- name: ecrire_coordonnee
-- One value per form and kind, with what the feed says at that instant.
INSERT INTO identite.coordonnee_dite (plateforme_id, assure_id, genre, valeur, etat, flux_valeur, cle_saisie, dit_at, saisi_par)
SELECT a.plateforme_id, a.id, cast(:genre AS text), :valeur, :etat, CASE cast(:genre AS text) WHEN 'telephone' THEN a.telephone ELSE a.courriel END, :cle, :maintenant, :par
FROM identite.assure a WHERE a.id = :assure
ON CONFLICT (cle_saisie, genre) DO NOTHING
RETURNING id;
