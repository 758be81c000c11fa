-- The treating doctor is a kind of partner: asked for a préreprise visit, told of the return to work, with the person's agreement. She names him.
-- (Agreements have known this recipient from the start.)

ALTER TABLE pdp.partenaire
    DROP CONSTRAINT partenaire_type_check,
    ADD CONSTRAINT partenaire_type_check CHECK (type IN ('service_social', 'spst', 'cap_emploi', 'psychologue', 'medecin_traitant'));
ALTER TABLE pdp.orientation
    DROP CONSTRAINT orientation_dispositif_check,
    ADD CONSTRAINT orientation_dispositif_check CHECK (dispositif IN ('service_social', 'spst', 'cap_emploi', 'psychologue', 'medecin_traitant'));
