-- A partner that refused, or that let its time pass, does not take care of the person: it keeps the line in its history (service, dates, its own
-- words) and reads no longer what it was told of her. Portal, link and software alike, since none of them may read the column itself. An answer
-- taken back brings it back. Whoever took the person on reads it as before: until the agreement ends.

ALTER TABLE pdp.orientation
    ADD COLUMN contenu_lisible jsonb GENERATED ALWAYS AS (CASE WHEN statut IN ('refusee', 'expiree') THEN '{}'::jsonb ELSE contenu END) STORED,
    ADD COLUMN motif_lisible text GENERATED ALWAYS AS (CASE WHEN statut IN ('refusee', 'expiree') THEN NULL ELSE motif END) STORED;
COMMENT ON COLUMN pdp.orientation.contenu_lisible IS 'What its partner may still read of contenu: nothing once refused or expired';
COMMENT ON COLUMN pdp.orientation.motif_lisible IS 'What its partner may still read of motif: NULL once refused or expired';

REVOKE SELECT (contenu, motif) ON pdp.orientation FROM pdp_role_partenaire, pdp_role_lien;
GRANT SELECT (contenu_lisible, motif_lisible) ON pdp.orientation TO pdp_role_partenaire, pdp_role_lien;
