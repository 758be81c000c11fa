-- Weekly order of the stock, by the owner of the tables: what is read together lies together.

-- name: patienter
-- Readers and writers that are there are waited for, not for ever; indexes are built in memory.
SELECT set_config('lock_timeout', '60s', false), set_config('maintenance_work_mem', '512MB', false);

-- name: ranger_prescriptions
-- Prescriptions of one person side by side, in the order of their index. Nobody reads them meanwhile: at night, about ten seconds a million.
CLUSTER pdp.arret_prescrit USING arret_prescrit_assure_id_date_debut_idx;

-- name: relever_prescriptions
-- Figures of the planner and the map of pages that everybody sees.
VACUUM (ANALYZE) pdp.arret_prescrit;
