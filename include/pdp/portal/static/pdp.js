// Optional comfort: keyboard shortcuts. Everything works without this file; fields never lose a key; they can be switched off.
"use strict";
(function () {
  const CLE = "pdp-raccourcis";
  const ecran = document.body.dataset.ecran;
  const aide = document.getElementById("raccourcis");
  const actifs = () => localStorage.getItem(CLE) !== "non";

  function move(pas) {
    const lignes = Array.from(document.querySelectorAll("[data-ligne]"));
    if (!lignes.length) return;
    const ici = lignes.findIndex((ligne) => ligne.contains(document.activeElement));
    const vers = ici < 0 ? (pas > 0 ? 0 : lignes.length - 1) : Math.min(lignes.length - 1, Math.max(0, ici + pas));
    lignes[vers].querySelector("[data-action]").focus();
  }

  function openCall() {
    const ligne = document.activeElement.closest("[data-appel]") || document.querySelector("[data-appel]");
    if (ligne) window.location.assign(ligne.dataset.appel);
  }

  function clickResult(rang) {
    const bouton = document.querySelector('[data-touche="' + rang + '"]');
    if (bouton) bouton.click();
  }

  function openHelp() {
    if (!aide) return;
    aide.open = true;
    aide.querySelector("summary").focus();
  }

  document.addEventListener("keydown", function (e) {
    if (!actifs() || e.ctrlKey || e.altKey || e.metaKey || e.repeat) return;
    if (e.target.closest("input, select, textarea, [contenteditable]")) return;
    const rang = /^(?:Digit|Numpad)([1-3])$/.exec(e.code);
    if (ecran === "appel" && rang && !e.shiftKey) clickResult(rang[1]);
    else if (e.key === "?") openHelp();
    else if (ecran === "liste" && e.key === "j") move(1);
    else if (ecran === "liste" && e.key === "k") move(-1);
    else if ((ecran === "liste" || ecran === "fiche") && e.key === "c") openCall();
    else return;
    e.preventDefault();
  });

  const bascule = document.querySelector("[data-raccourcis-bascule]");
  if (bascule) {
    const show = () => { bascule.textContent = actifs() ? "Désactiver les raccourcis" : "Activer les raccourcis"; };
    bascule.hidden = false;
    show();
    bascule.addEventListener("click", function () {
      localStorage.setItem(CLE, actifs() ? "non" : "oui");
      show();
    });
  }
})();
