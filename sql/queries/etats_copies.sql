-- Facts and stored states of people, read by binary COPY for the kernels of pdp.calcul: of the people touched (one index look-up each,
-- whatever the planner believes), or of everybody in a range of people.

-- name: copier_prescriptions_touchees
-- Prescriptions that count, of touched people. The code packs risk (2 bits), motif (2), initiale, part-time, L.324-1.
COPY (
    SELECT f.*
    FROM personne_touchee AS p
    CROSS JOIN LATERAL (
        SELECT
            a.assure_id, a.date_debut, a.date_fin,
            CASE a.risque WHEN 'maladie' THEN 0 WHEN 'at' THEN 1 WHEN 'mp' THEN 2 ELSE 3 END
            + CASE a.motif_categorie WHEN 'non_renseigne' THEN 0 WHEN 'tms' THEN 4 WHEN 'psychique' THEN 8 ELSE 12 END
            + CASE WHEN a.nature = 'initiale' THEN 16 ELSE 0 END + CASE WHEN a.temps_partiel THEN 32 ELSE 0 END + CASE WHEN a.ald THEN 64 ELSE 0 END,
            a.connu_at, a.id_avis
        FROM pdp.arret_prescrit AS a
        WHERE a.assure_id = p.assure_id AND NOT a.annule AND a.risque NOT IN ('maternite', 'paternite')
        OFFSET 0 -- one index look-up per person, whatever the planner believes
    ) AS f
    WHERE p.assure_id BETWEEN :du AND :au
) TO STDOUT (FORMAT binary);

-- name: copier_prescriptions
-- The same for everybody in a range of people.
COPY (
    SELECT
        a.assure_id, a.date_debut, a.date_fin,
        CASE a.risque WHEN 'maladie' THEN 0 WHEN 'at' THEN 1 WHEN 'mp' THEN 2 ELSE 3 END
        + CASE a.motif_categorie WHEN 'non_renseigne' THEN 0 WHEN 'tms' THEN 4 WHEN 'psychique' THEN 8 ELSE 12 END
        + CASE WHEN a.nature = 'initiale' THEN 16 ELSE 0 END + CASE WHEN a.temps_partiel THEN 32 ELSE 0 END + CASE WHEN a.ald THEN 64 ELSE 0 END,
        a.connu_at, a.id_avis
    FROM pdp.arret_prescrit AS a
    WHERE a.plateforme_id = :plateforme AND a.assure_id BETWEEN :du AND :au AND NOT a.annule AND a.risque NOT IN ('maternite', 'paternite')
) TO STDOUT (FORMAT binary);

-- name: copier_suspensions_touchees
-- Suspensions declared by the employer, of touched people.
COPY (
    SELECT f.*
    FROM personne_touchee AS p
    CROSS JOIN LATERAL (
        SELECT s.assure_id, s.debut, s.fin
        FROM pdp.fait_dsn AS s
        WHERE s.assure_id = p.assure_id AND s.genre = 'suspension' AND s.neutre AND NOT s.annule
        OFFSET 0
    ) AS f
    WHERE p.assure_id BETWEEN :du AND :au
) TO STDOUT (FORMAT binary);

-- name: copier_suspensions
-- The same for everybody in a range of people.
COPY (
    SELECT s.assure_id, s.debut, s.fin
    FROM pdp.fait_dsn AS s
    WHERE s.plateforme_id = :plateforme AND s.assure_id BETWEEN :du AND :au AND s.genre = 'suspension' AND s.neutre AND NOT s.annule
) TO STDOUT (FORMAT binary);

-- name: copier_versements_touchees
-- Paid illness rows of touched people.
COPY (
    SELECT f.*
    FROM personne_touchee AS p
    CROSS JOIN LATERAL (
        SELECT v.assure_id, v.debut, v.fin, v.jours
        FROM pdp.ij_versee AS v
        WHERE v.assure_id = p.assure_id AND v.risque = 'maladie' AND NOT v.annule
        OFFSET 0
    ) AS f
    WHERE p.assure_id BETWEEN :du AND :au
) TO STDOUT (FORMAT binary);

-- name: copier_versements
-- The same for everybody in a range of people.
COPY (
    SELECT v.assure_id, v.debut, v.fin, v.jours
    FROM pdp.ij_versee AS v
    WHERE v.plateforme_id = :plateforme AND v.assure_id BETWEEN :du AND :au AND v.risque = 'maladie' AND NOT v.annule
) TO STDOUT (FORMAT binary);

-- name: copier_episodes_touchees
-- Absences as stored, of touched people. The code packs risk (2 bits), motif (2), mixed risks, L.324-1, part-time.
COPY (
    SELECT f.*
    FROM personne_touchee AS p
    CROSS JOIN LATERAL (
        SELECT
            e.assure_id, e.debut, e.fin, e.jours_prescrits, e.nb_prescriptions,
            CASE e.risque WHEN 'maladie' THEN 0 WHEN 'at' THEN 1 WHEN 'mp' THEN 2 ELSE 3 END
            + CASE e.motif_categorie WHEN 'non_renseigne' THEN 0 WHEN 'tms' THEN 4 WHEN 'psychique' THEN 8 ELSE 12 END
            + CASE WHEN e.risque_mixte THEN 16 ELSE 0 END + CASE WHEN e.ald THEN 32 ELSE 0 END + CASE WHEN e.temps_partiel THEN 64 ELSE 0 END,
            e.connu_at, e.premiere_prescription
        FROM pdp.episode AS e
        WHERE e.assure_id = p.assure_id AND e.etat = 'courant'
        OFFSET 0
    ) AS f
    WHERE p.assure_id BETWEEN :du AND :au
) TO STDOUT (FORMAT binary);

-- name: copier_episodes
-- The same for everybody in a range of people.
COPY (
    SELECT
        e.assure_id, e.debut, e.fin, e.jours_prescrits, e.nb_prescriptions,
        CASE e.risque WHEN 'maladie' THEN 0 WHEN 'at' THEN 1 WHEN 'mp' THEN 2 ELSE 3 END
        + CASE e.motif_categorie WHEN 'non_renseigne' THEN 0 WHEN 'tms' THEN 4 WHEN 'psychique' THEN 8 ELSE 12 END
        + CASE WHEN e.risque_mixte THEN 16 ELSE 0 END + CASE WHEN e.ald THEN 32 ELSE 0 END + CASE WHEN e.temps_partiel THEN 64 ELSE 0 END,
        e.connu_at, e.premiere_prescription
    FROM pdp.episode AS e
    WHERE e.plateforme_id = :plateforme AND e.assure_id BETWEEN :du AND :au AND e.etat = 'courant'
) TO STDOUT (FORMAT binary);

-- name: copier_droits_touchees
-- Rights as stored, of touched people, in the bytes that the next computation is compared to.
COPY (
    SELECT f.*
    FROM personne_touchee AS p
    CROSS JOIN LATERAL (
        SELECT d.assure_id, d.carence, d.comptees, d.refusees, d.l324, d.atmp, d.verse_jusqu_au, d.epuisement_le, d.seuil_1_le, d.seuil_2_le
        FROM pdp.droits_ij AS d
        WHERE d.assure_id = p.assure_id
        OFFSET 0
    ) AS f
    WHERE p.assure_id BETWEEN :du AND :au
) TO STDOUT (FORMAT binary);

-- name: copier_droits
-- The same for everybody in a range of people.
COPY (
    SELECT d.assure_id, d.carence, d.comptees, d.refusees, d.l324, d.atmp, d.verse_jusqu_au, d.epuisement_le, d.seuil_1_le, d.seuil_2_le
    FROM pdp.droits_ij AS d
    WHERE d.plateforme_id = :plateforme AND d.assure_id BETWEEN :du AND :au
) TO STDOUT (FORMAT binary);
