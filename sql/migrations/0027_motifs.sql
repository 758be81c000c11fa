-- Motives keep the day they were seen, and the priority of a day counts only what a call can still change.

ALTER TABLE pdp.signalement_motif ADD COLUMN constate_le date;
COMMENT ON COLUMN pdp.signalement_motif.constate_le IS 'Day the rule was seen to hold; NULL for motives older than this column';

CREATE FUNCTION pdp.priorite_du_jour(signalement uuid, jour date) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN count(*) = 0 THEN (SELECT s.priorite FROM pdp.signalement AS s WHERE s.id = signalement)
        ELSE coalesce(sum(m.points) FILTER (WHERE m.valable_jusqu_au IS NULL OR jour <= m.valable_jusqu_au), 0)::integer
    END
    FROM pdp.signalement_motif AS m
    WHERE m.signalement_id = signalement
$$;
COMMENT ON FUNCTION pdp.priorite_du_jour(uuid, date) IS 'Points of the motives a call can still act on that day; a signalement without motives keeps the priority it was given';
GRANT EXECUTE ON FUNCTION pdp.priorite_du_jour(uuid, date) TO pdp_app, pdp_role_csam, pdp_role_medecin, pdp_role_responsable;
