-- Two words of a person at the same instant are told apart by the order in which they were written, not by their random ids.

ALTER TABLE pdp.preference_contact ADD COLUMN ordre bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE identite.coordonnee_dite ADD COLUMN ordre bigint GENERATED ALWAYS AS IDENTITY;
COMMENT ON COLUMN pdp.preference_contact.ordre IS 'Order of writing: the last word wins among those of the same instant';
COMMENT ON COLUMN identite.coordonnee_dite.ordre IS 'Order of writing: the last word wins among those of the same instant';
GRANT SELECT (ordre) ON pdp.preference_contact TO pdp_expediteur;

CREATE OR REPLACE FUNCTION pdp.preference_du(p_assure uuid) RETURNS TABLE (
    langue text, interprete boolean, accessibilite text[], canal_prefere text, moments text[], refus text[], dit_at timestamptz
)
LANGUAGE sql STABLE AS $$
    SELECT d.langue, d.interprete, d.accessibilite, d.canal_prefere, d.moments, d.refus, d.dit_at
    FROM pdp.preference_contact AS d
    WHERE d.assure_id = p_assure AND d.retiree_at IS NULL
    ORDER BY d.dit_at DESC, d.ordre DESC
    LIMIT 1
$$;

CREATE OR REPLACE FUNCTION identite.coordonnees(p_assure uuid) RETURNS TABLE (
    telephone text, telephone_provenance text, telephone_genre text, telephone_le timestamptz, telephone_faux_at timestamptz, telephone_flux text,
    courriel text, courriel_provenance text, courriel_le timestamptz, courriel_faux_at timestamptz, courriel_flux text
)
LANGUAGE sql STABLE AS $$
    SELECT coalesce(t.valeur, a.telephone), CASE WHEN t.valeur IS NOT NULL THEN 'personne' WHEN a.telephone IS NOT NULL THEN 'flux' END,
        CASE WHEN coalesce(t.valeur, a.telephone) ~ '^\+(33[67]|590690|590691|594694|59669[67]|26269[23]|262639)' THEN 'mobile'
            WHEN coalesce(t.valeur, a.telephone) ~ '^\+(33[1-59]|590|594|596|262)' THEN 'fixe' END,
        coalesce(t.dit_at, a.mis_a_jour_source_at), tf.dit_at,
        CASE WHEN t.valeur IS NOT NULL AND a.telephone IS DISTINCT FROM t.flux_valeur AND a.telephone <> t.valeur THEN a.telephone END,
        coalesce(c.valeur, a.courriel), CASE WHEN c.valeur IS NOT NULL THEN 'personne' WHEN a.courriel IS NOT NULL THEN 'flux' END,
        coalesce(c.dit_at, a.mis_a_jour_source_at), cf.dit_at,
        CASE WHEN c.valeur IS NOT NULL AND a.courriel IS DISTINCT FROM c.flux_valeur AND a.courriel <> c.valeur THEN a.courriel END
    FROM identite.assure AS a
    LEFT JOIN LATERAL (
        SELECT d.valeur, d.flux_valeur, d.dit_at FROM identite.coordonnee_dite AS d
        WHERE d.assure_id = a.id AND d.genre = 'telephone' AND d.etat = 'dite' AND d.retiree_at IS NULL
        ORDER BY d.dit_at DESC, d.ordre DESC LIMIT 1
    ) AS t ON true
    LEFT JOIN LATERAL (
        SELECT d.dit_at FROM identite.coordonnee_dite AS d
        WHERE d.assure_id = a.id AND d.genre = 'telephone' AND d.etat = 'fausse' AND d.retiree_at IS NULL
            AND d.valeur = coalesce(t.valeur, a.telephone) AND (t.dit_at IS NULL OR d.dit_at > t.dit_at)
            AND NOT EXISTS (SELECT 1 FROM pdp.contact AS k WHERE k.cle_saisie = d.cle_saisie AND k.saisie_par_erreur_at IS NOT NULL)
        ORDER BY d.dit_at DESC LIMIT 1
    ) AS tf ON true
    LEFT JOIN LATERAL (
        SELECT d.valeur, d.flux_valeur, d.dit_at FROM identite.coordonnee_dite AS d
        WHERE d.assure_id = a.id AND d.genre = 'courriel' AND d.etat = 'dite' AND d.retiree_at IS NULL
        ORDER BY d.dit_at DESC, d.ordre DESC LIMIT 1
    ) AS c ON true
    LEFT JOIN LATERAL (
        SELECT d.dit_at FROM identite.coordonnee_dite AS d
        WHERE d.assure_id = a.id AND d.genre = 'courriel' AND d.etat = 'fausse' AND d.retiree_at IS NULL
            AND d.valeur = coalesce(c.valeur, a.courriel) AND (c.dit_at IS NULL OR d.dit_at > c.dit_at)
        ORDER BY d.dit_at DESC LIMIT 1
    ) AS cf ON true
    WHERE a.id = p_assure
$$;
