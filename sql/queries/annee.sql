-- name: lister_travail
-- Open reasons that people of the platform would take that day, most urgent first, with what they need to act; each coordinator's own, those of closed parcours included.
SELECT * FROM (
    SELECT t.id, t.motif, t.cause, t.parcours_id, p.plateforme_id, p.csam_id, p.statut, p.clos_at IS NOT NULL AS clos, p.assure_id,
        (SELECT o.id FROM pdp.orientation o WHERE o.parcours_id = p.id ORDER BY o.proposee_at DESC, o.id LIMIT 1) AS orientation_id,
        (SELECT o.statut FROM pdp.orientation o WHERE o.parcours_id = p.id ORDER BY o.proposee_at DESC, o.id LIMIT 1) AS orientation_statut,
        (SELECT o.id FROM pdp.orientation o WHERE o.parcours_id = p.id AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
            ORDER BY o.proposee_at DESC, o.id LIMIT 1) AS orientation_active,
        row_number() OVER (PARTITION BY p.csam_id ORDER BY t.echeance_at, a.id_source, t.motif, t.cause) AS rang
    FROM pdp.tache t
    JOIN pdp.parcours p ON p.id = t.parcours_id
    JOIN identite.assure a ON a.id = p.assure_id
    WHERE t.fermee_at IS NULL AND t.balle = 'csam' AND p.csam_id IS NOT NULL AND t.echeance_at <= :jusqu_a
        AND NOT EXISTS (SELECT 1 FROM pdp.agent g WHERE g.id = p.csam_id AND g.actif_au IS NOT NULL AND g.actif_au < :jour)
) x WHERE rang <= :par_personne
ORDER BY csam_id, rang;

-- name: lister_entretiens_tenus
-- Télé-échanges over, not recorded yet.
SELECT x.id, x.parcours_id, p.plateforme_id, p.csam_id
FROM pdp.tele_echange x JOIN pdp.parcours p ON p.id = x.parcours_id
JOIN identite.assure a ON a.id = p.assure_id
WHERE x.statut IN ('planifie', 'confirme') AND x.fin_at <= :maintenant AND p.clos_at IS NULL AND p.csam_id IS NOT NULL
ORDER BY x.fin_at, a.id_source;

-- name: lister_a_decider
-- Files that a médecin-conseil would open first.
SELECT s.id FROM pdp.signalement s JOIN identite.assure a ON a.id = s.assure_id
WHERE s.plateforme_id = :plateforme AND s.statut = 'a_trier' ORDER BY s.priorite DESC, s.survenu_le, a.id_source, s.palier LIMIT :nombre;

-- name: lister_alertes
-- Alerts that a médecin-conseil would open first.
SELECT al.id, al.type, p.clos_at IS NOT NULL AS clos, al.parcours_id IS NOT NULL AS suivie
FROM pdp.alerte al JOIN identite.assure a ON a.id = al.assure_id LEFT JOIN pdp.parcours p ON p.id = al.parcours_id
WHERE al.plateforme_id = :plateforme AND al.decide_at IS NULL ORDER BY al.connu_at, a.id_source, al.type, al.cause LIMIT :nombre;

-- name: lister_boites
-- Hand-overs in the hands of partners whose people answer themselves, oldest first.
SELECT o.id, o.plateforme_id, o.partenaire_id, o.statut, n.canal, o.envoyee_at, a.id_source || ':' || o.dispositif || ':' || o.revision AS repere
FROM pdp.orientation o
JOIN pdp.partenaire n ON n.id = o.partenaire_id
JOIN pdp.parcours p ON p.id = o.parcours_id
JOIN identite.assure a ON a.id = p.assure_id
WHERE n.canal NOT IN ('api', 'fhir') AND o.envoyee_at < :maintenant AND o.statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')
ORDER BY o.envoyee_at, a.id_source, o.dispositif;

-- name: lister_partenaires
-- Partners of a platform in force that day.
SELECT id, type, canal FROM pdp.partenaire WHERE plateforme_id = :plateforme AND actif_du <= :jour AND (actif_au IS NULL OR actif_au >= :jour)
ORDER BY id_source;

-- name: lister_accords
-- Agreements in force on open parcours, in an order that a run done again finds.
SELECT a.id, p.plateforme_id, p.csam_id
FROM pdp.accord a JOIN pdp.parcours p ON p.id = a.parcours_id JOIN identite.assure x ON x.id = p.assure_id
WHERE a.decision = 'accorde' AND a.retire_at IS NULL AND a.saisie_par_erreur_at IS NULL AND p.clos_at IS NULL AND p.csam_id IS NOT NULL
ORDER BY x.id_source, a.destinataire, a.recueilli_at;

-- name: lister_conseillers
-- Coordinators in force that day, by number.
SELECT id, plateforme_id FROM pdp.agent WHERE role = 'csam' AND actif_du <= :jour AND (actif_au IS NULL OR actif_au >= :jour) ORDER BY plateforme_id, numero;

-- name: lister_responsables
-- First manager of each platform.
SELECT DISTINCT ON (plateforme_id) plateforme_id, id FROM pdp.agent WHERE role = 'responsable' ORDER BY plateforme_id, numero;

-- name: lire_naissance
-- What the holder of a link knows of himself.
SELECT a.date_naissance FROM pdp.invitation i JOIN pdp.parcours p ON p.id = i.parcours_id JOIN identite.assure a ON a.id = p.assure_id
WHERE i.id = :invitation;

-- name: lister_partis
-- Coordinators gone who still hold open parcours.
SELECT g.id, g.plateforme_id FROM pdp.agent g
WHERE g.role = 'csam' AND g.actif_au < :jour AND EXISTS (SELECT 1 FROM pdp.parcours p WHERE p.csam_id = g.id AND p.clos_at IS NULL)
ORDER BY g.plateforme_id, g.numero;

-- name: lister_lettres
-- Letters to print or to post.
SELECT id, plateforme_id, imprime_at IS NOT NULL AS imprimee FROM pdp.outbox WHERE canal = 'courrier' AND etat = 'a_envoyer' ORDER BY cree_at, id;

-- name: compter_perdus
-- People lost from view, by definition (see simulation/annee_compte.py); everything is 0 in a platform that loses nobody.
SELECT
    (SELECT count(*) FROM pdp.parcours p LEFT JOIN pdp.suite_de_parcours(:maintenant) s ON s.parcours_id = p.id
        WHERE p.clos_at IS NULL AND s.blocage IS NULL AND (s.motif IS NULL OR s.balle IS NULL OR s.echeance_at IS NULL)) AS ni_suite_ni_blocage,
    (SELECT count(*) - count(DISTINCT parcours_id) FROM pdp.suite_de_parcours(:maintenant)) AS suites_multiples,
    (SELECT count(*) FROM pdp.parcours p
        WHERE p.clos_at IS NULL AND p.csam_id IS NOT NULL AND p.dernier_evenement_at < :veille
        AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND (t.fermee_at IS NULL OR t.fermee_at >= :veille))
        AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decide_at IS NULL)) AS parcours_sans_suite,
    (SELECT count(*) FROM pdp.parcours p
        WHERE p.clos_at IS NULL AND p.csam_id IS NULL AND p.statut NOT IN ('a_affecter', 'interrompu')) AS parcours_sans_conseiller,
    (SELECT count(*) FROM pdp.parcours p JOIN pdp.agent g ON g.id = p.csam_id
        WHERE p.clos_at IS NULL AND g.actif_au < cast(:jour AS date) - 7) AS parcours_d_un_parti,
    (SELECT count(*) FROM pdp.signalement s
        WHERE s.statut = 'oriente_csam'
        AND NOT EXISTS (SELECT 1 FROM pdp.parcours p WHERE p.assure_id = s.assure_id AND (p.clos_at IS NULL OR p.clos_at >= s.decide_at))
        AND NOT EXISTS (SELECT 1 FROM pdp.tache t JOIN pdp.parcours p ON p.id = t.parcours_id
            WHERE p.assure_id = s.assure_id AND t.motif = 'rechute' AND t.cause LIKE 'rechute:signalement:%' AND t.ouverte_at >= s.decide_at)) AS orientes_sans_parcours,
    (SELECT count(*) FROM pdp.signalement s
        WHERE s.statut IN ('oriente_ism', 'convocation_mc') AND s.decide_at < :veille
        AND NOT EXISTS (SELECT 1 FROM pdp.suivi_medical m WHERE m.signalement_id = s.id)) AS convoques_sans_suivi,
    (SELECT count(*) FROM pdp.signalement s
        WHERE s.statut NOT IN ('veille', 'a_trier') AND s.decide_at IS NULL AND s.statut <> 'remplace') AS decides_sans_date,
    (SELECT count(*) FROM pdp.outbox o
        WHERE o.etat IN ('a_envoyer', 'en_cours') AND o.canal NOT IN ('courrier') AND greatest(o.prochain_essai_at, o.cree_at) < cast(:maintenant AS timestamptz) - interval '5 days')
        AS messages_en_souffrance,
    (SELECT count(*) FROM pdp.outbox o
        WHERE o.etat IN ('rebut', 'incertain') AND o.orientation_id IS NOT NULL AND o.type = 'orientation'
        AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = o.parcours_id AND t.motif = 'message_en_echec' AND t.cause = o.cle::text))
        AS echecs_non_dits,
    (SELECT count(*) FROM pdp.inbox i WHERE i.traite_at IS NULL AND i.recu_at < cast(:maintenant AS timestamptz) - interval '2 days') AS reponses_non_lues;

-- name: compter_doubles
-- What must exist once: alerts open for a person and a cause, reasons open for a cause, parcours open for a person, hand-overs under way.
SELECT
    (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM pdp.alerte WHERE decide_at IS NULL GROUP BY assure_id, type HAVING count(*) > 1) x)
        + (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM pdp.alerte GROUP BY assure_id, type, cause HAVING count(*) > 1) x) AS alertes,
    (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM pdp.tache WHERE fermee_at IS NULL GROUP BY parcours_id, motif, cause HAVING count(*) > 1) x)
        AS taches,
    (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM pdp.parcours WHERE clos_at IS NULL GROUP BY assure_id HAVING count(*) > 1) x) AS parcours,
    (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM pdp.tache WHERE motif IN ('suivi_m6', 'suivi_m12') GROUP BY parcours_id, motif, cause HAVING count(*) > 1) x)
        AS suivis;

-- name: compter_etapes
-- How many people are at each step, each signalement and each parcours in exactly one place.
SELECT
    (SELECT count(*) FROM identite.assure) AS personnes,
    (SELECT count(*) FROM pdp.episode WHERE etat = 'courant') AS episodes,
    (SELECT count(*) FROM pdp.signalement) AS signalements,
    (SELECT count(*) FROM pdp.signalement WHERE statut = 'veille') AS signalements_en_veille,
    (SELECT count(*) FROM pdp.signalement WHERE statut = 'a_trier') AS signalements_a_trier,
    (SELECT count(*) FROM pdp.signalement WHERE statut = 'oriente_csam') AS signalements_orientes_csam,
    (SELECT count(*) FROM pdp.signalement WHERE statut = 'oriente_ism') AS signalements_orientes_ism,
    (SELECT count(*) FROM pdp.signalement WHERE statut = 'convocation_mc') AS signalements_convoques,
    (SELECT count(*) FROM pdp.signalement WHERE statut = 'sans_suite') AS signalements_sans_suite,
    (SELECT count(*) FROM pdp.signalement WHERE statut = 'rattache') AS signalements_rattaches,
    (SELECT count(*) FROM pdp.signalement WHERE statut = 'remplace') AS signalements_remplaces,
    (SELECT count(*) FROM pdp.parcours) AS parcours,
    (SELECT count(*) FROM pdp.parcours WHERE clos_at IS NULL AND csam_id IS NULL) AS parcours_a_affecter,
    (SELECT count(*) FROM pdp.parcours WHERE clos_at IS NULL AND csam_id IS NOT NULL) AS parcours_suivis,
    (SELECT count(*) FROM pdp.parcours WHERE clos_at IS NOT NULL) AS parcours_clos,
    (SELECT count(*) FROM pdp.contact) AS contacts,
    (SELECT count(*) FROM pdp.tele_echange WHERE statut IN ('realise', 'realise_partiel')) AS tele_echanges_realises,
    (SELECT count(*) FROM pdp.tele_echange WHERE statut = 'absent') AS tele_echanges_manques,
    (SELECT count(*) FROM pdp.orientation) AS orientations,
    (SELECT count(*) FROM pdp.orientation WHERE statut IN ('envoyee', 'recue', 'acceptee', 'en_cours')) AS orientations_en_cours,
    (SELECT count(*) FROM pdp.orientation WHERE statut = 'realisee') AS orientations_realisees,
    (SELECT count(*) FROM pdp.orientation WHERE statut = 'expiree') AS orientations_expirees,
    (SELECT count(*) FROM pdp.outbox) AS messages,
    (SELECT count(*) FROM pdp.outbox WHERE etat = 'livre') AS messages_livres,
    (SELECT count(*) FROM pdp.outbox WHERE etat IN ('a_envoyer', 'en_cours')) AS messages_a_envoyer,
    (SELECT count(*) FROM pdp.outbox WHERE etat IN ('rebut', 'incertain')) AS messages_en_echec,
    (SELECT count(*) FROM pdp.outbox WHERE etat = 'rappele') AS messages_rappeles,
    (SELECT count(*) FROM pdp.inbox) AS reponses,
    (SELECT count(*) FROM pdp.alerte) AS alertes,
    (SELECT count(*) FROM pdp.alerte WHERE decide_at IS NULL) AS alertes_ouvertes,
    (SELECT count(*) FROM pdp.issue WHERE annule_at IS NULL) AS issues,
    (SELECT count(*) FROM identite.quarantaine) AS quarantaine,
    (SELECT count(*) FROM pdp.tache) AS taches,
    (SELECT count(*) FROM pdp.tache WHERE fermee_at IS NULL) AS taches_ouvertes,
    (SELECT count(*) FROM pdp.passage) AS passages;

-- name: compter_retard
-- After an outage: reasons overdue and still open, those done late and marked so, messages due and still here, runs of the day.
SELECT
    (SELECT count(*) FROM pdp.tache WHERE retard_jours > 0 AND fermee_at > cast(:maintenant AS timestamptz) - interval '1 day') AS taches_faites_en_retard,
    (SELECT count(*) FROM pdp.tache WHERE fermee_at IS NULL AND balle = 'csam' AND echeance_at < cast(:maintenant AS timestamptz) - interval '1 day') AS taches_en_retard,
    (SELECT count(*) FROM pdp.outbox WHERE etat = 'a_envoyer' AND canal <> 'courrier' AND prochain_essai_at < cast(:maintenant AS timestamptz) - interval '12 hours')
        AS messages_en_retard,
    (SELECT count(*) FROM pdp.passage WHERE instant_metier > cast(:maintenant AS timestamptz) - interval '1 day') AS passages_du_jour;

-- name: decrire_perdus
-- Open parcours of a coordinator with nothing to do, as opaque ids, with their last events and the last reasons closed.
SELECT p.id, p.statut, p.dernier_evenement_at,
    (SELECT string_agg(e.evenement || ' ' || to_char(e.survenu_at, 'MM-DD HH24:MI'), ', ' ORDER BY e.id) FROM journal.evenement e WHERE e.parcours_id = p.id) AS evenements,
    (SELECT string_agg(t.motif || '=' || coalesce(t.issue, '?') || ' ' || to_char(t.fermee_at, 'MM-DD HH24:MI'), ', ' ORDER BY t.fermee_at) FROM pdp.tache t
        WHERE t.parcours_id = p.id) AS taches
FROM pdp.parcours p
WHERE p.clos_at IS NULL AND p.csam_id IS NOT NULL AND p.dernier_evenement_at < :veille
    AND NOT EXISTS (SELECT 1 FROM pdp.tache t WHERE t.parcours_id = p.id AND (t.fermee_at IS NULL OR t.fermee_at >= :veille))
    AND NOT EXISTS (SELECT 1 FROM pdp.alerte al WHERE al.parcours_id = p.id AND al.decide_at IS NULL)
ORDER BY p.dernier_evenement_at, p.id LIMIT 5;
