-- What came with the clocks, as the holder of a partner's link may see it: the questions of its hand-over with their answers, and its dates.
CREATE POLICY porteur ON pdp.echange_question FOR SELECT TO pdp_role_lien
    USING (retiree_at IS NULL AND orientation_id = (SELECT pdp.orientation_du_lien()));
GRANT SELECT (id, plateforme_id, orientation_id, partenaire_id, par, texte, posee_at, inbox_id, reponse, repondue_at, reponse_inbox_id, retiree_at)
    ON pdp.echange_question TO pdp_role_lien;
GRANT SELECT (etape, balle, echeance_at, arretee, relances, recue_at, acceptee_at, rendez_vous_at, rendez_vous_manque_at, nouvelles_at, close_at)
    ON pdp.orientation TO pdp_role_lien;

-- The agreement is asked where everybody asks it: the last word of the person for this recipient.
CREATE OR REPLACE FUNCTION pdp.ouvrir_lien_partenaire() RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    qui securite.identite_contexte := securite.contexte();
    quand timestamptz := journal.instant_metier();
    l pdp.lien_partenaire;
    o pdp.orientation;
    personne uuid;
    jour date;
BEGIN
    PERFORM set_config('pdp.lien_' || n, '', true) FROM unnest(ARRAY['partenaire', 'orientation', 'structure', 'parcours', 'assure']) AS n;
    IF qui.type IS DISTINCT FROM 'partenaire' OR qui.role IS DISTINCT FROM 'lien' THEN RETURN 'inconnu'; END IF;
    PERFORM set_config('pdp.lien_partenaire', qui.id, true);
    SELECT * INTO l FROM pdp.lien_partenaire WHERE id = qui.id::uuid AND plateforme_id = qui.plateforme_id AND partenaire_id::text = qui.partenaire_id;
    IF l.id IS NULL THEN RETURN 'inconnu'; END IF;
    PERFORM set_config('pdp.lien_orientation', l.orientation_id::text, true), set_config('pdp.lien_structure', l.partenaire_id::text, true);
    SELECT * INTO o FROM pdp.orientation WHERE id = l.orientation_id;
    PERFORM set_config('pdp.lien_parcours', o.parcours_id::text, true);
    SELECT p.assure_id INTO personne FROM pdp.parcours p WHERE p.id = o.parcours_id;
    PERFORM set_config('pdp.lien_assure', coalesce(personne::text, ''), true);
    SELECT (quand AT TIME ZONE f.fuseau)::date INTO jour FROM pdp.plateforme f WHERE f.id = l.plateforme_id;
    IF o.statut IN ('brouillon', 'en_attente_accord', 'annulee', 'expiree')
        OR NOT EXISTS (SELECT 1 FROM pdp.accord_en_vigueur(o.parcours_id, o.dispositif, o.partenaire_id, jour))
        OR EXISTS (SELECT 1 FROM pdp.silence_du_jour(personne, jour) s WHERE s.motif = 'deces')
    THEN
        RETURN 'retire';
    END IF;
    IF l.remplace_at IS NOT NULL THEN RETURN 'remplace'; END IF;
    RETURN CASE WHEN l.expire_at <= quand THEN 'expire' ELSE 'ouvert' END;
END $$;
