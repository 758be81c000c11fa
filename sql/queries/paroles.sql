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
ORDER BY d.dit_at DESC, d.ordre DESC LIMIT 20;

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

-- name: accueillir
-- A person transferred is reached there as she asked here: her last words, refusals first. Not her answers nor her agreements.
WITH qui AS (
    SELECT p.assure_id AS ici, cast(:assure AS uuid) AS la, cast(:vers AS text) AS vers FROM pdp.parcours p WHERE p.id = :parcours
), coordonnees AS (
    INSERT INTO identite.coordonnee_dite (plateforme_id, assure_id, genre, valeur, etat, flux_valeur, cle_saisie, dit_at, saisi_par)
    SELECT DISTINCT ON (d.genre) q.vers, q.la, d.genre, d.valeur, d.etat, d.flux_valeur, md5(d.cle_saisie || q.vers)::uuid, d.dit_at, d.saisi_par
    FROM qui q JOIN identite.coordonnee_dite d ON d.assure_id = q.ici
    WHERE d.retiree_at IS NULL AND d.etat = 'dite' AND q.la <> q.ici
    ORDER BY d.genre, d.dit_at DESC, d.ordre DESC
    ON CONFLICT (cle_saisie, genre) DO NOTHING
)
INSERT INTO pdp.preference_contact (plateforme_id, assure_id, langue, interprete, accessibilite, canal_prefere, moments, refus, cle_saisie, dit_at, saisi_par)
SELECT q.vers, q.la, d.langue, d.interprete, d.accessibilite, d.canal_prefere, d.moments, d.refus, md5(d.cle_saisie || q.vers)::uuid, d.dit_at, d.saisi_par
FROM qui q JOIN pdp.preference_contact d ON d.assure_id = q.ici
WHERE d.retiree_at IS NULL AND q.la <> q.ici
ORDER BY d.dit_at DESC, d.ordre DESC LIMIT 1
ON CONFLICT (cle_saisie) DO NOTHING;
