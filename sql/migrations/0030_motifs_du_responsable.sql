-- A manager measures rules and orders: which rule, its points, until when. Not the sentences about one person (age, motif, indemnités).

REVOKE SELECT ON pdp.signalement_motif FROM pdp_role_responsable;
GRANT SELECT (signalement_id, plateforme_id, regle, regle_version, points, valable_jusqu_au) ON pdp.signalement_motif TO pdp_role_responsable;
