-- name: demander
-- One waiting request per parcours: asked for twice, the second gives no row.
INSERT INTO pdp.transfert (plateforme_id, parcours_id, vers_plateforme_id, commune_insee, demande_par, demande_at)
SELECT p.plateforme_id, p.id, :vers, :commune, :par, :maintenant FROM pdp.parcours p WHERE p.id = :parcours
ON CONFLICT (parcours_id) WHERE applique_at IS NULL AND refuse_at IS NULL AND annule_at IS NULL DO NOTHING
RETURNING id;

-- name: trouver
-- Parcours of a request of the platform.
SELECT parcours_id FROM pdp.transfert WHERE id = :transfert AND plateforme_id = :plateforme;

-- name: retirer
-- Taken back before the sweep.
UPDATE pdp.transfert SET annule_at = :maintenant
WHERE id = :transfert AND plateforme_id = :plateforme AND applique_at IS NULL AND refuse_at IS NULL AND annule_at IS NULL
RETURNING parcours_id;

-- name: lister_en_attente
-- Requests of a platform that wait, oldest first.
SELECT id, plateforme_id, parcours_id, vers_plateforme_id, commune_insee FROM pdp.transfert
WHERE plateforme_id = :plateforme AND applique_at IS NULL AND refuse_at IS NULL AND annule_at IS NULL
ORDER BY demande_at, id FOR NO KEY UPDATE SKIP LOCKED;

-- name: lister_du_parcours
-- Transfers of a parcours, on either side, latest first.
SELECT id, plateforme_id, parcours_id, vers_plateforme_id, demande_at, applique_at, nouveau_parcours_id, refuse_at, refus_code, annule_at
FROM pdp.transfert WHERE parcours_id = :parcours OR nouveau_parcours_id = :parcours ORDER BY demande_at DESC, id;

-- name: lister_destinations
-- Platforms a person may be transferred to.
SELECT id, libelle, departement FROM pdp.plateforme WHERE id <> :plateforme ORDER BY departement;

-- name: patienter
-- Something waits: a file of the feed may be coming in, and the sweep waits for its end longer than a person would.
SELECT set_config('lock_timeout', '300s', true)
WHERE EXISTS (
    SELECT FROM pdp.transfert WHERE plateforme_id = :plateforme AND applique_at IS NULL AND refuse_at IS NULL AND annule_at IS NULL
);

-- name: accueillir_personne
-- The person on the other platform, under her pivot id in force: identity and contact as they are here, with the new commune, as a line
-- just newer than all the feed said. A newer line of the feed wins, whichever comes first: already moved by it, her row there stays.
WITH source AS (
    SELECT a.*, coalesce(c.actuel, a.id_source) AS actuel
    FROM identite.assure a JOIN pdp.parcours p ON p.assure_id = a.id LEFT JOIN id_courant c ON c.ancien = a.id_source
    WHERE p.id = :parcours
), dit AS (
    SELECT max(a.mis_a_jour_source_at) + interval '1 microsecond' AS le
    FROM identite.assure a JOIN source s ON a.id_source = s.actuel OR a.id = s.id
    WHERE a.plateforme_id <> :vers
), nir_garde AS (
    INSERT INTO identite.nir_ancien (plateforme_id, assure_id, nir_empreinte, connu_au)
    SELECT a.plateforme_id, a.id, a.nir_empreinte, :maintenant
    FROM identite.assure a JOIN source s ON a.id_source = s.actuel CROSS JOIN dit
    WHERE a.plateforme_id = :vers AND a.nir_empreinte <> s.nir_empreinte AND a.mis_a_jour_source_at < dit.le
    ON CONFLICT DO NOTHING
), accueillie AS (
    INSERT INTO identite.assure AS a (plateforme_id, id_source, nir_chiffre, nir_empreinte, nir_provisoire, nom, prenom, date_naissance, sexe,
        commune_insee, telephone, courriel, contact_prefere, contact_refus, langue, contrat, mis_a_jour_source_at, connu_at)
    SELECT :vers, s.actuel, s.nir_chiffre, s.nir_empreinte, s.nir_provisoire, s.nom, s.prenom, s.date_naissance, s.sexe,
        :commune, s.telephone, s.courriel, s.contact_prefere, s.contact_refus, s.langue, s.contrat, dit.le, :maintenant
    FROM source s CROSS JOIN dit
    ON CONFLICT (plateforme_id, id_source) DO UPDATE SET
        nir_chiffre = excluded.nir_chiffre, nir_empreinte = excluded.nir_empreinte, nir_provisoire = excluded.nir_provisoire, nom = excluded.nom,
        prenom = excluded.prenom, date_naissance = excluded.date_naissance, sexe = excluded.sexe, commune_insee = excluded.commune_insee,
        telephone = excluded.telephone, courriel = excluded.courriel, contact_prefere = excluded.contact_prefere,
        contact_refus = excluded.contact_refus, langue = excluded.langue, contrat = excluded.contrat,
        mis_a_jour_source_at = excluded.mis_a_jour_source_at, connu_at = excluded.connu_at
    WHERE a.mis_a_jour_source_at < excluded.mis_a_jour_source_at
    RETURNING a.id
)
SELECT id FROM accueillie
UNION
SELECT a.id FROM identite.assure a JOIN source s ON s.actuel = a.id_source WHERE a.plateforme_id = :vers;

-- name: accueillir_arret
-- The absence as dates and risk, as the detection will name it: it follows from the facts, which move with the person, at the next detection.
-- Until then without the category of its motif. Somebody who comes back finds hers.
INSERT INTO pdp.episode (id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, motif_categorie,
    connu_at, calcule_at)
SELECT pdp.episode_id(:assure, e.premiere_prescription), :vers, :assure, e.premiere_prescription, e.debut, e.fin, e.jours_prescrits, e.nb_prescriptions, e.risque, 'non_renseigne',
    :maintenant, :maintenant
FROM pdp.parcours p JOIN pdp.signalement s ON s.id = p.signalement_id JOIN pdp.episode e ON e.id = s.episode_id
WHERE p.id = :parcours
ON CONFLICT (id, plateforme_id) DO UPDATE SET debut = excluded.debut, fin = excluded.fin, etat = 'courant', connu_at = excluded.connu_at, calcule_at = excluded.calcule_at
RETURNING id;

-- name: accueillir_signalement
-- Already oriented by a médecin-conseil where the person lived: no second tri.
INSERT INTO pdp.signalement (plateforme_id, assure_id, episode_id, source, palier, survenu_le, connu_at, decide_at, priorite, statut, mode_decision,
    motif_decision)
SELECT :vers, :assure, :episode, s.source, s.palier, s.survenu_le, s.connu_at, :maintenant, s.priorite, 'oriente_csam', 'systeme', 'Transfert'
FROM pdp.parcours p JOIN pdp.signalement s ON s.id = p.signalement_id
WHERE p.id = :parcours
ON CONFLICT (assure_id, episode_id, palier) DO UPDATE SET
    statut = excluded.statut, decide_at = excluded.decide_at, mode_decision = excluded.mode_decision, motif_decision = excluded.motif_decision
RETURNING id;

-- name: appliquer
-- Done, with the link to the parcours opened there.
UPDATE pdp.transfert SET applique_at = :maintenant, nouveau_parcours_id = :nouveau WHERE id = :transfert;

-- name: refuser
-- Could not be done.
UPDATE pdp.transfert SET refuse_at = :maintenant, refus_code = :code WHERE id = :transfert;
