-- What is read of the past by its instant: without these, each look of the watch and each page of the manager read every passage, reason or case
-- ever written. A passage leads from its run, too: that is how a late run is seen to have caught up.

CREATE INDEX passage_par_dag ON pdp.passage (dag, debut_at);
CREATE INDEX passage_par_run ON pdp.passage (split_part(id, '/', 2));
CREATE INDEX passage_par_instant ON pdp.passage (instant_metier);
CREATE INDEX passage_reussis ON pdp.passage (dag, tache, (detail ->> 'plateforme'), instant_metier) WHERE fin_at IS NOT NULL;

-- Pages of what the platform does by itself, of steering and of capacity: a period, on one platform.
CREATE INDEX tache_par_ouverture ON pdp.tache (plateforme_id, ouverte_at);
CREATE INDEX tache_par_fermeture ON pdp.tache (plateforme_id, fermee_at) WHERE fermee_at IS NOT NULL;
CREATE INDEX outbox_par_creation ON pdp.outbox (plateforme_id, cree_at);
CREATE INDEX signalement_par_connaissance ON pdp.signalement (plateforme_id, connu_at);
CREATE INDEX tele_echange_par_debut ON pdp.tele_echange (plateforme_id, debut_at);
CREATE INDEX affectation_par_plateforme ON pdp.affectation (plateforme_id, parcours_id, du);
CREATE INDEX contact_aboutis ON pdp.contact (plateforme_id, parcours_id, survenu_at)
    WHERE resultat IN ('joint', 'joint_rappel_demande') AND saisie_par_erreur_at IS NULL;
CREATE INDEX orientation_par_envoi ON pdp.orientation (plateforme_id, envoyee_at);

-- People seen late after an outage of the detection: the banner of every page of the manager.
CREATE INDEX parcours_par_connaissance ON pdp.parcours (plateforme_id, connu_at);

-- What was decided since this morning: both pages that a doctor opens first.
CREATE INDEX alerte_par_decision ON pdp.alerte (plateforme_id, decide_at);

-- What the watch asks again of one parcours before each repair, and what a withdrawal locks.
CREATE INDEX alerte_par_parcours ON pdp.alerte (parcours_id) WHERE parcours_id IS NOT NULL;
CREATE INDEX orientation_par_accord ON pdp.orientation (accord_id);
