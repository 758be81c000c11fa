-- name: creer
CREATE TABLE evaluation.soutien_psy_nouvelle (
    parcours text PRIMARY KEY,
    pseudonyme text NOT NULL,
    plateforme text NOT NULL,
    eligibilite text NOT NULL,
    resultat text NOT NULL,
    propose_jour integer NOT NULL,
    fenetre_jour integer,
    premiere_seance_jour integer,
    signal_seance_jours integer,
    seances integer NOT NULL,
    arret_motif text
);
COMMENT ON TABLE evaluation.soutien_psy_nouvelle IS 'Mon soutien psy : ce qui a été proposé selon les règles en vigueur ce jour-là ; aucun score clinique';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.parcours IS 'Code du parcours';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.pseudonyme IS 'Code de la personne';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.plateforme IS 'Plateforme, ou « regroupe »';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.eligibilite IS 'eligible, a_verifier ou non_eligible';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.resultat IS 'Suite : proposee, deja_suivie, refusee, ou ecartee (contre-indication, règles du jour, arrêt de plus de six mois)';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.propose_jour IS 'Jour de l''enregistrement, en jours depuis J0, premier jour de l''absence';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.fenetre_jour IS 'Dernier jour de la fenêtre, en jours depuis J0 ; vide = sans objet';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.premiere_seance_jour IS 'Première séance déclarée, en jours depuis J0 ; vide = aucune connue';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.signal_seance_jours IS 'Délai de la détection à la première séance déclarée depuis, en jours ; vide = aucune connue';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.seances IS 'Séances déclarées, par leurs dates distinctes';
COMMENT ON COLUMN evaluation.soutien_psy_nouvelle.arret_motif IS 'Pourquoi les séances se sont arrêtées, liste fermée sans motif clinique ; vide = pas d''arrêt noté';
GRANT SELECT ON evaluation.soutien_psy_nouvelle TO pdp_role_evaluateur;

-- name: remplir
INSERT INTO evaluation.soutien_psy_nouvelle
SELECT c.parcours, c.pseudonyme, c.plateforme, s.eligibilite,
       CASE WHEN s.resultat IN ('contre_indiquee', 'non_eligible', 'non_eligible_6m') THEN 'ecartee' ELSE s.resultat END,
       (s.enregistre_at AT TIME ZONE c.fuseau)::date - c.j0, s.fenetre_au - c.j0, x.premiere - c.j0, x.depuis - c.detection_le, x.nombre,
       s.arret_motif
FROM pg_temp.cohorte_parcours c
JOIN pdp.soutien_psy s ON s.parcours_id = c.parcours_id AND s.saisie_par_erreur_at IS NULL
CROSS JOIN LATERAL (
    SELECT min(seance_le) AS premiere, min(seance_le) FILTER (WHERE seance_le >= c.detection_le) AS depuis, count(DISTINCT seance_le)::integer AS nombre
    FROM pdp.seance_psy WHERE parcours_id = c.parcours_id AND saisie_par_erreur_at IS NULL
) x;

-- name: lire
SELECT * FROM evaluation.soutien_psy_nouvelle ORDER BY parcours;

-- name: basculer
DROP TABLE IF EXISTS evaluation.soutien_psy;
ALTER TABLE evaluation.soutien_psy_nouvelle RENAME TO soutien_psy;
