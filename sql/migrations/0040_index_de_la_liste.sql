-- One coordinator's cases are found by one index: row level security adds the platform to every question, and with the coordinator alone
-- in the index the planner would also read every case of the platform to cross the two.

CREATE INDEX parcours_ouverts_par_csam ON pdp.parcours (csam_id, plateforme_id) WHERE clos_at IS NULL;
DROP INDEX pdp.parcours_csam_id_idx;
CREATE INDEX parcours_clos_par_csam_et_plateforme ON pdp.parcours (csam_id, plateforme_id) WHERE clos_at IS NOT NULL;
DROP INDEX pdp.parcours_clos_par_csam;
