-- Ma liste shows what changed hands lately, read or not: indexes of what was not read could not serve it, and each page read every assignment.

DROP INDEX pdp.affectation_recues_non_lues;
DROP INDEX pdp.affectation_parties_non_lues;
CREATE INDEX affectation_recues ON pdp.affectation (csam_id, du) WHERE de_csam_id IS NOT NULL;
CREATE INDEX affectation_parties ON pdp.affectation (de_csam_id, du) WHERE de_csam_id IS NOT NULL;
