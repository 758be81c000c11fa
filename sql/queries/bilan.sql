-- name: compter
-- Balance sheet of the platform: one count per step of the parcours.
SELECT
    (SELECT count(*) FROM pdp.arret_prescrit) AS prescriptions,
    (SELECT count(*) FROM pdp.episode WHERE etat = 'courant') AS episodes,
    (SELECT count(*) FROM pdp.signalement) AS signalements,
    (SELECT count(*) FROM pdp.parcours) AS parcours,
    (SELECT count(*) FROM pdp.affectation) AS affectations,
    (SELECT count(*) FROM pdp.tele_echange) AS tele_echanges,
    (SELECT count(*) FROM pdp.orientation) AS orientations,
    (SELECT count(*) FROM pdp.inbox WHERE resultat = 'appliquee') AS reponses,
    (SELECT count(*) FROM pdp.alerte) AS alertes,
    (SELECT count(*) FROM pdp.issue WHERE annule_at IS NULL) AS issues,
    (SELECT count(*) FROM identite.quarantaine) AS quarantaine;
