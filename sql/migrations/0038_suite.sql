-- A refused line of no platform has an owner: every manager sees where and why, none may open it.

-- It may be about anybody in France: no manager has a title to read it, so that identite.ouvrir_ligne, whose policy names a platform, still
-- refuses it. What the source must be asked to send again (file, line, reason) names nobody and is shown to all.
CREATE POLICY sans_plateforme ON identite.quarantaine FOR SELECT TO pdp_role_responsable
    USING (plateforme_id IS NULL AND (SELECT securite.plateforme_courante()) IS NOT NULL);

-- A coordinator answers a relapse by another parcours: her own, for a signalement oriented to her by a proposal not yet answered.
GRANT INSERT (plateforme_id, assure_id, signalement_id, statut, csam_id, priorite, survenu_le, connu_at, decide_at, dernier_evenement_at)
    ON pdp.parcours TO pdp_role_csam;
-- Read through a function: a policy of pdp.parcours may not look into pdp.parcours itself.
CREATE FUNCTION pdp.suit_parcours(p_parcours uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM pdp.parcours AS p WHERE p.id = p_parcours AND p.csam_id = securite.agent_courant())
$$;
COMMENT ON FUNCTION pdp.suit_parcours(uuid) IS 'True when the verified coordinator follows this parcours';
GRANT EXECUTE ON FUNCTION pdp.suit_parcours(uuid) TO pdp_role_csam;
CREATE POLICY suite ON pdp.parcours AS RESTRICTIVE FOR INSERT TO pdp_role_csam
    WITH CHECK (csam_id = (SELECT securite.agent_courant()) AND statut = 'affecte' AND clos_at IS NULL AND EXISTS (
        SELECT 1 FROM pdp.tache AS t
        WHERE t.motif = 'rechute' AND t.fermee_at IS NULL AND t.cause = 'rechute:signalement:' || signalement_id
            AND pdp.suit_parcours(t.parcours_id)));

CREATE INDEX parcours_clos_par_plateforme ON pdp.parcours (plateforme_id, clos_at) WHERE clos_at IS NOT NULL;
CREATE INDEX ON pdp.tache (cause) WHERE motif = 'rechute' AND fermee_at IS NULL;
