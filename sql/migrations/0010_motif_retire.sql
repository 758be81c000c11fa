-- A newer version of an avis may come without its medical motif: the batch side then withdraws the one it had written.
GRANT DELETE ON medical.motif_arret TO pdp_app;
