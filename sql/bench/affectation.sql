-- name: agents
-- Colleagues as generated.
INSERT INTO pdp.agent (plateforme_id, matricule, nom, prenom, role, territoire, competences, quotite, actif_du)
SELECT 'PF35', 'B' || rang, 'Agent' || rang, 'Bench', 'csam', string_to_array(territoire, '|'), string_to_array(competences, '|'), quotite, '2020-01-01'
FROM unnest(%(rangs)s::integer[], %(territoires)s::text[], %(competences)s::text[], %(quotites)s::numeric[]) AS a (rang, territoire, competences, quotite);

-- name: absences
-- One colleague in twenty-five is away that day.
INSERT INTO pdp.absence_agent (plateforme_id, agent_id, du, au)
SELECT plateforme_id, id, %(jour)s::date, %(jour)s::date FROM pdp.agent WHERE role = 'csam' AND substr(matricule, 2)::integer %% 25 = 3;

-- name: personnes
-- One insured person per parcours.
INSERT INTO identite.assure (id, plateforme_id, id_source, nir_chiffre, nir_empreinte, nom, prenom, date_naissance, sexe, commune_insee, langue, contrat,
    mis_a_jour_source_at, connu_at)
SELECT md5('b' || rang)::uuid, 'PF35', 'B' || rang, '\x00', sha256(convert_to(rang::text, 'UTF8')), 'Bench', 'Bench', '1980-01-01', 'F', commune, langue,
    'salarie', %(maintenant)s, %(maintenant)s
FROM unnest(%(rangs)s::integer[], %(communes)s::text[], %(langues)s::text[]) AS a (rang, commune, langue);

-- name: signalements
-- The signalement behind each parcours, with its absence.
WITH e AS (
    INSERT INTO pdp.episode (id, plateforme_id, assure_id, premiere_prescription, debut, fin, jours_prescrits, nb_prescriptions, risque, motif_categorie,
        connu_at, calcule_at)
    SELECT gen_random_uuid(), plateforme_id, id, 'AV', %(jour)s::date - 90, %(jour)s::date + 20, 110, 1, 'maladie', 'tms', %(maintenant)s, %(maintenant)s
    FROM identite.assure RETURNING id, plateforme_id, assure_id
)
INSERT INTO pdp.signalement (plateforme_id, assure_id, episode_id, palier, survenu_le, connu_at, priorite, statut)
SELECT plateforme_id, assure_id, id, 90, %(jour)s, %(maintenant)s, 50, 'oriente_csam' FROM e;

-- name: parcours
-- Parcours: followed already (csam given), or waiting; opened today or long ago.
INSERT INTO pdp.parcours (plateforme_id, assure_id, signalement_id, statut, csam_id, priorite, survenu_le, connu_at, decide_at, dernier_evenement_at)
SELECT 'PF35', s.assure_id, s.id, CASE WHEN g.id IS NULL THEN 'a_affecter' ELSE 'affecte' END, g.id, 50 + a.rang %% 7, %(jour)s, %(maintenant)s,
    %(maintenant)s::timestamptz - make_interval(days => a.age), %(maintenant)s
FROM unnest(%(rangs)s::integer[], %(suivis)s::text[], %(ages)s::integer[]) AS a (rang, matricule, age)
JOIN pdp.signalement s ON s.assure_id = md5('b' || a.rang)::uuid
LEFT JOIN pdp.agent g ON g.matricule = a.matricule;

-- name: resultat
-- What the sweep decided, as rows.
SELECT p.id, s.commune_insee, s.langue, p.decide_at, a.matricule, a.quotite, a.territoire, a.competences,
    EXISTS (SELECT 1 FROM pdp.absence_agent x WHERE x.agent_id = a.id AND %(jour)s::date BETWEEN x.du AND x.au) AS absent,
    (SELECT count(*) FROM pdp.tache t WHERE t.parcours_id = p.id AND t.motif = 'premier_appel' AND t.fermee_at IS NULL) AS appels,
    (SELECT count(*) FROM pdp.affectation f WHERE f.parcours_id = p.id AND f.csam_id = a.id AND f.au IS NULL) AS histoires
FROM pdp.parcours p JOIN identite.assure s ON s.id = p.assure_id JOIN pdp.agent a ON a.id = p.csam_id
WHERE p.id IN (SELECT parcours_id FROM pdp.affectation);

-- name: au_dessus_du_plafond
-- Colleagues above the cap for their working time.
SELECT count(*) FROM (
    SELECT a.id FROM pdp.agent a JOIN pdp.parcours p ON p.csam_id = a.id AND p.clos_at IS NULL GROUP BY a.id, a.quotite
    HAVING count(*) > floor(%(plafond)s * a.quotite)) x;
