-- Few people have a day of rights ahead: a run that looks at everybody finds them without reading the rights of all.

CREATE INDEX droits_ij_a_venir ON pdp.droits_ij (plateforme_id, assure_id)
    WHERE seuil_1_le IS NOT NULL OR seuil_2_le IS NOT NULL OR epuisement_le IS NOT NULL;
