-- Search of one person by a coordinator: exact, few results, counted. What was typed is bound, compared, and kept nowhere.

-- name: attendre_son_tour
-- One search at a time for an account, so that two tabs cannot pass the limit together.
SELECT pg_advisory_xact_lock(hashtext('recherche'), hashtext(cast(:agent AS text)));

-- name: compter
-- Searches of this account since an instant, those refused left out.
SELECT count(*) FROM pdp.recherche_personne WHERE agent_id = :agent AND faite_at > :depuis AND resultats IS NOT NULL;

-- name: noter
-- One more search.
INSERT INTO pdp.recherche_personne (plateforme_id, agent_id, mode, resultats, faite_at) VALUES (:plateforme, :agent, :mode, :resultats, :maintenant);

-- name: par_nom
-- By exact name and birth date: both are needed, so that the search cannot be used to browse.
SELECT p.id AS parcours_id, s.nom, s.prenom, p.csam_id, a.prenom AS csam_prenom, a.nom AS csam_nom, p.clos_at
FROM identite.assure s
JOIN LATERAL (SELECT id, csam_id, clos_at FROM pdp.parcours WHERE assure_id = s.id ORDER BY (clos_at IS NULL) DESC, (csam_id = :agent) DESC, decide_at DESC LIMIT 1) p ON true
LEFT JOIN pdp.agent a ON a.id = p.csam_id
WHERE s.date_naissance = :naissance
    AND translate(lower(s.nom), 'àâäçéèêëîïôöùûüÿ-''’', 'aaaceeeeiioouuuy   ') = translate(lower(:nom), 'àâäçéèêëîïôöùûüÿ-''’', 'aaaceeeeiioouuuy   ')
ORDER BY (p.csam_id = :agent) DESC, p.id
LIMIT :limite;

-- name: par_initiales
-- By birth date and first letters of the name and the given name.
SELECT p.id AS parcours_id, s.nom, s.prenom, p.csam_id, a.prenom AS csam_prenom, a.nom AS csam_nom, p.clos_at
FROM identite.assure s
JOIN LATERAL (SELECT id, csam_id, clos_at FROM pdp.parcours WHERE assure_id = s.id ORDER BY (clos_at IS NULL) DESC, (csam_id = :agent) DESC, decide_at DESC LIMIT 1) p ON true
LEFT JOIN pdp.agent a ON a.id = p.csam_id
WHERE s.date_naissance = :naissance
    AND translate(lower(left(s.nom, 1)), 'àâäçéèêëîïôöùûüÿ', 'aaaceeeeiioouuuy') = translate(lower(cast(:nom AS text)), 'àâäçéèêëîïôöùûüÿ', 'aaaceeeeiioouuuy')
    AND translate(lower(left(s.prenom, 1)), 'àâäçéèêëîïôöùûüÿ', 'aaaceeeeiioouuuy') = translate(lower(cast(:prenom AS text)), 'àâäçéèêëîïôöùûüÿ', 'aaaceeeeiioouuuy')
ORDER BY (p.csam_id = :agent) DESC, p.id
LIMIT :limite;

-- name: par_telephone
-- By the whole number, in the one form in which numbers are kept: the caisse's, or the one that the person gave.
SELECT p.id AS parcours_id, s.nom, s.prenom, p.csam_id, a.prenom AS csam_prenom, a.nom AS csam_nom, p.clos_at
FROM (
    SELECT id FROM identite.assure WHERE telephone = :telephone
    UNION
    SELECT assure_id FROM identite.coordonnee_dite WHERE valeur = :telephone AND genre = 'telephone' AND etat = 'dite' AND retiree_at IS NULL
) n
JOIN identite.assure s ON s.id = n.id
JOIN LATERAL (SELECT id, csam_id, clos_at FROM pdp.parcours WHERE assure_id = s.id ORDER BY (clos_at IS NULL) DESC, (csam_id = :agent) DESC, decide_at DESC LIMIT 1) p ON true
LEFT JOIN pdp.agent a ON a.id = p.csam_id
ORDER BY (p.csam_id = :agent) DESC, p.id
LIMIT :limite;
