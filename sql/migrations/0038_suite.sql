-- A refused line of no platform has an owner: every manager sees where and why, none may open it.

-- It may be about anybody in France: no manager has a title to read it, so that identite.ouvrir_ligne, whose policy names a platform, still
-- refuses it. What the source must be asked to send again (file, line, reason) names nobody and is shown to all.
CREATE POLICY sans_plateforme ON identite.quarantaine FOR SELECT TO pdp_role_responsable
    USING (plateforme_id IS NULL AND (SELECT securite.plateforme_courante()) IS NOT NULL);
