// Comfort of the list: keyboard, preview in place, select all. The page does all of it without this file, with links and forms.
"use strict";
(function () {
  const lignes = () => Array.from(document.querySelectorAll("[data-ligne]"));
  const courante = () => { const a = document.activeElement; const l = a.closest("[data-ligne]"); return l || lignes().find((x) => x.nextElementSibling && x.nextElementSibling.contains(a) && x.nextElementSibling.matches(".ligne-apercu")) || null; };
  const actifs = () => localStorage.getItem("pdp-raccourcis") !== "non";
  const annonce = document.querySelector("[data-annonce]");
  const say = (texte) => { if (annonce) annonce.textContent = texte; };

  // Where she was before she left for a person: "j" goes on from there, or from the next one when that person has left the list.
  const ICI = "pdp-liste-ici";
  const identify = (ligne) => { const c = ligne && ligne.querySelector('input[name="parcours"]'); return c ? c.value : null; };

  function remember() {
    const toutes = lignes();
    const ici = toutes.indexOf(courante());
    if (ici >= 0) sessionStorage.setItem(ICI, JSON.stringify(toutes.slice(ici).map(identify)));
  }

  function resume() {
    const suite = JSON.parse(sessionStorage.getItem(ICI) || "[]");
    const trouve = suite.map((id) => lignes().find((l) => identify(l) === id)).find(Boolean);
    return trouve ? lignes().indexOf(trouve) : 0;
  }
  window.addEventListener("pagehide", remember);

  function move(pas) {
    const toutes = lignes();
    if (!toutes.length) return;
    const ici = toutes.indexOf(courante());
    const vers = ici < 0 ? (pas > 0 ? resume() : toutes.length - 1) : Math.min(toutes.length - 1, Math.max(0, ici + pas));
    toutes[vers].querySelector("[data-action]").focus();
  }

  // -- preview: the page of the link, opened under its row
  function closePreview(rendreFocus) {
    const panneau = document.querySelector(".ligne-apercu");
    if (!panneau) return;
    const ligne = panneau.previousElementSibling;
    panneau.remove();
    const lien = ligne.querySelector("[data-apercu]");
    lien.setAttribute("aria-expanded", "false");
    if (rendreFocus) (panneau.retour && panneau.retour.isConnected ? panneau.retour : lien).focus();
  }

  async function openPreview(ligne, suite) {
    const lien = ligne.querySelector("[data-apercu]");
    const retour = ligne.contains(document.activeElement) ? document.activeElement : lien;
    closePreview(false);
    let contenu = null;
    try {
      const reponse = await fetch(lien.href, { credentials: "same-origin" });
      if (reponse.ok && !reponse.redirected) contenu = new DOMParser().parseFromString(await reponse.text(), "text/html").getElementById("apercu");
    } catch (erreur) {
      contenu = null;
    }
    if (!contenu) { window.location.assign(lien.href); return; } // session over or network down: the page itself says why
    closePreview(false);
    const rang = document.createElement("tr");
    rang.className = "ligne-apercu";
    rang.setAttribute("role", "row");
    rang.retour = retour;
    rang.dataset.appel = ligne.dataset.appel;
    const cellule = document.createElement("td");
    cellule.colSpan = ligne.children.length;
    cellule.setAttribute("role", "cell");
    cellule.append(document.importNode(contenu, true));
    rang.append(cellule);
    ligne.after(rang);
    lien.setAttribute("aria-expanded", "true");
    say("Aperçu ouvert sous la ligne. Espace ou Échap le referme.");
    if (suite) suite(rang);
  }

  const isOpen = (ligne) => ligne.nextElementSibling !== null && ligne.nextElementSibling.matches(".ligne-apercu");
  const toggle = (ligne) => (isOpen(ligne) ? closePreview(true) : openPreview(ligne));

  function withPreview(ligne, suite) {
    if (!ligne) return;
    if (isOpen(ligne)) suite(ligne.nextElementSibling);
    else openPreview(ligne, suite);
  }

  function focusDone(panneau) {
    const bouton = panneau.querySelector("[data-fait]") || panneau.querySelector("a.bouton");
    if (bouton) bouton.focus();
  }

  function focusSnooze(panneau) {
    const choix = panneau.querySelector("select[name=raison]");
    if (!choix) return;
    choix.closest("details").open = true;
    choix.focus();
  }

  document.addEventListener("click", function (e) {
    const lien = e.target.closest("a[data-apercu]");
    if (!lien || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
    e.preventDefault();
    toggle(lien.closest("[data-ligne]"));
  });
  document.querySelectorAll("a[data-apercu]").forEach((lien) => lien.setAttribute("aria-expanded", "false"));

  // -- selection
  const tout = document.querySelector("[data-tout-cocher]");
  const cases = () => Array.from(document.querySelectorAll('[data-ligne] input[name="parcours"]'));
  function countChecked() {
    const nombre = cases().filter((c) => c.checked).length;
    say(nombre === 0 ? "Aucune personne cochée" : nombre === 1 ? "1 personne cochée" : nombre + " personnes cochées");
  }
  if (tout) {
    tout.hidden = false;
    tout.querySelector("input").addEventListener("change", function (e) {
      cases().forEach((c) => { c.checked = e.target.checked; });
      countChecked();
    });
  }
  document.addEventListener("change", (e) => { if (e.target.matches('input[name="parcours"]')) countChecked(); });

  // -- keyboard
  const GESTES = {
    j: () => move(1),
    k: () => move(-1),
    x: () => { const l = courante(); const c = l && l.querySelector('input[name="parcours"]'); if (c) c.click(); },
    e: () => withPreview(courante(), focusDone),
    s: () => withPreview(courante(), focusSnooze),
    "/": () => { const n = document.getElementById("nom"); if (n) n.focus(); },
  };
  document.addEventListener("keydown", function (e) {
    if (e.key === "Escape" && document.querySelector(".ligne-apercu")) { closePreview(true); return; }
    if (!actifs() || e.ctrlKey || e.altKey || e.metaKey || e.repeat) return;
    if (e.target.closest('input:not([type="checkbox"]), select, textarea, [contenteditable]')) return;
    if (e.key === " ") {
      const ligne = courante();
      if (!ligne || e.target.closest("button, summary, input")) return;
      e.preventDefault();
      toggle(ligne);
      return;
    }
    const geste = GESTES[e.key];
    if (!geste) return;
    e.preventDefault();
    geste();
  });

  // -- what a filter or a sort changed is said once the page has come back
  if (annonce && document.referrer && new URL(document.referrer).pathname === "/ma-liste") {
    setTimeout(() => say(annonce.dataset.annonce), 300); // a region that fills at load is not read
  }
})();
