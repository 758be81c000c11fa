-- Absences and rights of people, computed outside by the kernels of pdp.calcul: who is touched, states in (facts out: etats_copies.sql).

-- name: lock_plateforme
-- One detection at a time per platform: a second run waits, then sees what the first one wrote.
SELECT pg_advisory_xact_lock(hashtextextended('pdp.detection/' || :plateforme, 0));

-- name: set_reglages
-- Settings of this transaction: wait for the other run instead of failing, sort in memory, no compilation of short statements. The kernels
-- compute outside the database: on a slow machine a shard may take longer than a person's transaction may stay idle.
SELECT set_config('lock_timeout', '300s', true), set_config('idle_in_transaction_session_timeout', '15min', true),
    set_config('work_mem', '64MB', true), set_config('jit', 'off', true);

-- name: lire_reglage
-- Fingerprint of the values with which the state was computed.
SELECT empreinte FROM pdp.detection_reglage WHERE plateforme_id = :plateforme;

-- name: ecrire_reglage
-- Remembers the values in force.
INSERT INTO pdp.detection_reglage AS r (plateforme_id, empreinte, depuis)
VALUES (:plateforme, :empreinte, :maintenant)
ON CONFLICT (plateforme_id) DO UPDATE SET empreinte = excluded.empreinte, depuis = excluded.depuis
WHERE r.empreinte <> excluded.empreinte;

-- name: drop_personne_touchee
-- Work table of a previous run in the same transaction.
DROP TABLE IF EXISTS pg_temp.personne_touchee;

-- name: create_personne_touchee
-- People this run looks at.
CREATE TEMPORARY TABLE personne_touchee (assure_id uuid PRIMARY KEY) ON COMMIT DROP;

-- name: prendre_touchees
-- Empties the queue that this transaction sees, adds people whose day has come. A fact committed later keeps its row.
WITH pris AS (
    DELETE FROM pdp.fait_nouveau WHERE plateforme_id = :plateforme RETURNING assure_id
)
INSERT INTO personne_touchee
SELECT assure_id FROM pris
UNION
SELECT assure_id FROM pdp.echeance_detection WHERE plateforme_id = :plateforme AND le <= :jour
ORDER BY assure_id;

-- name: prendre_toutes
-- The same for everybody.
WITH pris AS (
    DELETE FROM pdp.fait_nouveau WHERE plateforme_id = :plateforme
)
INSERT INTO personne_touchee
SELECT id FROM identite.assure WHERE plateforme_id = :plateforme ORDER BY id;

-- name: analyze_personne_touchee
-- Without figures the planner would take the work table for a small one.
ANALYZE personne_touchee;

-- name: estimer_prescriptions
-- How many prescriptions the database believes it holds: to size shards, nothing else.
SELECT greatest(0, reltuples)::bigint FROM pg_class WHERE oid = 'pdp.arret_prescrit'::regclass;

-- name: create_episode_perdu
-- Work table of one run, emptied before each shard: stored absences that the computation does not find as they are.
CREATE TEMPORARY TABLE IF NOT EXISTS episode_perdu (assure_id uuid NOT NULL, premiere_prescription text NOT NULL) ON COMMIT DROP;

-- name: create_episode_neuf
-- Absences that are not stored so.
CREATE TEMPORARY TABLE IF NOT EXISTS episode_neuf (
    assure_id uuid NOT NULL,
    debut date NOT NULL,
    fin date NOT NULL,
    jours_prescrits integer NOT NULL,
    nb_prescriptions integer NOT NULL,
    code integer NOT NULL,
    connu_at timestamptz NOT NULL,
    premiere_prescription text NOT NULL
) ON COMMIT DROP;

-- name: create_droits_neufs
-- Rights that differ.
CREATE TEMPORARY TABLE IF NOT EXISTS droits_neufs (
    assure_id uuid NOT NULL,
    carence datemultirange NOT NULL,
    comptees datemultirange NOT NULL,
    refusees datemultirange NOT NULL,
    l324 datemultirange NOT NULL,
    atmp datemultirange NOT NULL,
    verse_jusqu_au date,
    epuisement_le date,
    seuil_1_le date,
    seuil_2_le date
) ON COMMIT DROP;

-- name: vider_travail
-- Before each shard.
TRUNCATE episode_perdu, episode_neuf, droits_neufs;

-- name: recevoir_perdus
-- Stored absences that differ or are gone.
COPY episode_perdu FROM STDIN (FORMAT binary);

-- name: recevoir_episodes
-- New absences, and those that differ.
COPY episode_neuf FROM STDIN (FORMAT binary);

-- name: recevoir_droits
-- Rights that differ.
COPY droits_neufs FROM STDIN (FORMAT binary);

-- name: upsert_episodes
-- Writes only what is new or different, and tells the journal which absences changed, one event per person, in slices that keep memory flat.
-- A first absence of somebody nobody follows changes nothing known: the event of the run counts it, the event of its file brought it.
WITH nouveau AS NOT MATERIALIZED (
    SELECT
        pdp.episode_id(assure_id, premiere_prescription) AS id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions,
        (ARRAY['maladie', 'at', 'mp', 'trajet'])[1 + (code & 3)] AS risque,
        (code & 16) <> 0 AS risque_mixte,
        (ARRAY['non_renseigne', 'tms', 'psychique', 'autre'])[1 + ((code >> 2) & 3)] AS motif_categorie,
        (code & 32) <> 0 AS ald,
        (code & 64) <> 0 AS temps_partiel,
        connu_at
    FROM episode_neuf
),
ecrit AS (
    INSERT INTO pdp.episode AS e (
        id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, risque_mixte,
        motif_categorie, ald, temps_partiel, etat, connu_at, calcule_at
    )
    SELECT
        id, :plateforme, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, risque_mixte,
        motif_categorie, ald, temps_partiel, 'courant', connu_at, :maintenant
    FROM nouveau
    ON CONFLICT (id, plateforme_id) DO UPDATE SET
        debut = excluded.debut, fin = excluded.fin, jours_prescrits = excluded.jours_prescrits, nb_prescriptions = excluded.nb_prescriptions,
        risque = excluded.risque, risque_mixte = excluded.risque_mixte, motif_categorie = excluded.motif_categorie, ald = excluded.ald,
        temps_partiel = excluded.temps_partiel, etat = excluded.etat, connu_at = excluded.connu_at, calcule_at = excluded.calcule_at
    WHERE (e.debut, e.fin, e.jours_prescrits, e.nb_prescriptions, e.risque, e.risque_mixte, e.motif_categorie, e.ald, e.temps_partiel, e.etat, e.connu_at)
        IS DISTINCT FROM
        (excluded.debut, excluded.fin, excluded.jours_prescrits, excluded.nb_prescriptions, excluded.risque, excluded.risque_mixte,
            excluded.motif_categorie, excluded.ald, excluded.temps_partiel, excluded.etat, excluded.connu_at)
    RETURNING id, assure_id, etat, xmax = 0 AS cree
),
remplace AS (
    UPDATE pdp.episode AS e SET etat = 'remplace', calcule_at = :maintenant
    WHERE e.id = ANY(ARRAY( -- an array, so that the index is used however many absences are stored
            SELECT pdp.episode_id(assure_id, premiere_prescription) FROM episode_perdu
            EXCEPT
            SELECT id FROM nouveau -- found again under the same first prescription: updated above
        ))
        AND e.plateforme_id = :plateforme
        AND e.etat = 'courant'
    RETURNING e.id, e.assure_id, e.etat, false AS cree
),
personne AS (
    SELECT
        assure_id,
        row_number() OVER () / 5000 AS tranche,
        jsonb_build_object(
            'courants', coalesce(jsonb_agg(id) FILTER (WHERE etat = 'courant'), '[]'),
            'remplaces', coalesce(jsonb_agg(id) FILTER (WHERE etat = 'remplace'), '[]')
        ) AS donnees
    FROM (SELECT * FROM ecrit UNION ALL SELECT * FROM remplace) AS change
    GROUP BY assure_id
    HAVING NOT bool_and(cree) OR (SELECT true FROM pdp.parcours AS p WHERE p.assure_id = change.assure_id AND p.clos_at IS NULL)
),
consigne AS (
    SELECT
        journal.consigner_lot('episode_calcule', jsonb_agg(jsonb_build_object(
            'plateforme_id', cast(:plateforme AS text), 'assure_id', assure_id, 'donnees', donnees
        ))) AS evenements
    FROM personne
    GROUP BY tranche
)
SELECT
    (SELECT count(*) FROM ecrit)::integer AS ecrits,
    (SELECT count(*) FROM remplace)::integer AS remplaces,
    (SELECT coalesce(sum(evenements), 0) FROM consigne)::integer AS evenements;

-- name: upsert_droits
-- Rights that differ; a person with no day left has no row.
WITH ecrit AS (
    INSERT INTO pdp.droits_ij (
        assure_id, plateforme_id, carence, comptees, refusees, l324, atmp, verse_jusqu_au, epuisement_le, seuil_1_le, seuil_2_le, calcule_at
    )
    SELECT assure_id, :plateforme, carence, comptees, refusees, l324, atmp, verse_jusqu_au, epuisement_le, seuil_1_le, seuil_2_le, :maintenant
    FROM droits_neufs
    WHERE NOT (isempty(carence) AND isempty(comptees) AND isempty(refusees) AND isempty(l324) AND isempty(atmp) AND verse_jusqu_au IS NULL)
    ON CONFLICT (assure_id) DO UPDATE SET
        carence = excluded.carence, comptees = excluded.comptees, refusees = excluded.refusees, l324 = excluded.l324, atmp = excluded.atmp,
        verse_jusqu_au = excluded.verse_jusqu_au, epuisement_le = excluded.epuisement_le, seuil_1_le = excluded.seuil_1_le,
        seuil_2_le = excluded.seuil_2_le, calcule_at = excluded.calcule_at
    RETURNING 1
),
efface AS (
    DELETE FROM pdp.droits_ij
    WHERE assure_id = ANY(ARRAY( -- an array, so that the index is used however many rights are stored
            SELECT assure_id
            FROM droits_neufs
            WHERE isempty(carence) AND isempty(comptees) AND isempty(refusees) AND isempty(l324) AND isempty(atmp) AND verse_jusqu_au IS NULL
        ))
    RETURNING 1
)
SELECT (SELECT count(*) FROM ecrit)::integer + (SELECT count(*) FROM efface)::integer AS ecrits;
