-- What screens read of the rights of a person.

-- name: lire_compte
-- Days consumed in the window that ends on a day, days left under the cap, and the day the cap is met within what is prescribed.
SELECT x.utilisees, greatest(0, cast(:plafond AS integer) - x.utilisees) AS restantes, d.epuisement_le, cast(:jour AS date) AS au
FROM pdp.droits_ij d
CROSS JOIN LATERAL (SELECT pdp.jours_comptes(d.comptees, :jour, :annees) AS utilisees) x
WHERE d.assure_id = :assure;
