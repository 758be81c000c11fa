-- Room is left in each page for the next state of its rows: an update then stays in its page and touches no index (HOT). On a full page every
-- update of the night would write another page and one page of each index, and after a checkpoint each of them whole in the journal of the server.
-- Pages written from now on; an existing table takes it with its next rewrite (VACUUM FULL, or a full rebuild of the states).

ALTER TABLE pdp.episode SET (fillfactor = 85);
ALTER TABLE pdp.droits_ij SET (fillfactor = 80);
ALTER TABLE pdp.echeance_detection SET (fillfactor = 85);
