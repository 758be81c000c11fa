-- name: creer
CREATE TABLE evaluation.soutien_psy_nouvelle (
    parcours text PRIMARY KEY,
    pseudonyme text NOT NULL,
    plateforme text NOT NULL,
    eligibilite text NOT NULL,
    resultat text NOT NULL,
    propose_jour integer NOT NULL,
    fenetre_jour integer,
    premiere_seance_jour integer
);
COMMENT ON TABLE evaluation.soutien_psy_nouvelle IS 'Mon soutien psy : ce qui a été proposé selon les règles en vigueur ce jour-là ; aucun score clinique';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.parcours IS 'Code du parcours';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.eligibilite IS 'eligible, a_verifier ou non_eligible';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.resultat IS 'Suite : proposee, deja_suivie, refusee, ou ecartee (contre-indication, arrêt de plus de six mois)';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.propose_jour IS 'Jour de l''enregistrement, en jours depuis J0, premier jour de l''absence';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.fenetre_jour IS 'Dernier jour de la fenêtre, en jours depuis J0 ; vide = sans objet';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.premiere_seance_jour IS 'Première séance déclarée, en jours depuis J0 ; vide = aucune connue';
GRANT SELECT ON evaluation.soutien_psy_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.soutien_psy_nouvelle
SELECT c.parcours, c.pseudonyme, c.plateforme, s.eligibilite,
       CASE WHEN s.resultat IN ('contre_indiquee', 'non_eligible_6m') THEN 'ecartee' ELSE s.resultat END,
       (s.enregistre_at AT TIME ZONE c.fuseau)::date - c.j0, s.fenetre_au - c.j0, s.premiere_seance_le - c.j0
FROM pg_temp.cohorte_parcours c
JOIN pdp.soutien_psy s ON s.parcours_id = c.parcours_id AND s.saisie_par_erreur_at IS NULL;

-- name: lire
SELECT * FROM evaluation.soutien_psy_nouvelle ORDER BY parcours;

-- name: basculer
DROP TABLE IF EXISTS evaluation.soutien_psy;
ALTER TABLE evaluation.soutien_psy_nouvelle RENAME TO soutien_psy;
