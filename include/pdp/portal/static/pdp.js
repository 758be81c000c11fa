// Optional comfort: keyboard shortcuts. Everything works without this file; fields never lose a key; they can be switched off.
"use strict";
(function () {
  const CLE = "pdp-raccourcis";
  const ecran = document.body.dataset.ecran;
  const aide = document.getElementById("raccourcis");
  const actifs = () => localStorage.getItem(CLE) !== "non";
  let depuisG = 0;

  function openCall() {
    const ligne = document.activeElement.closest("[data-appel]") || document.querySelector("[data-appel]");
    if (ligne) window.location.assign(ligne.dataset.appel);
  }

  function clickResult(rang) {
    const bouton = document.querySelector('[data-touche="' + rang + '"]');
    if (bouton) bouton.click();
  }

  // Focus, not a click: a key pressed by mistake takes nothing back.
  function focusUndo() {
    const cible = document.querySelector("[data-annuler]") || document.querySelector('.menu a[href="/mes-saisies"]');
    if (cible) cible.focus();
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
    else if (e.key === "u") focusUndo();
    else if (e.key === "g") depuisG = Date.now();
    else if (e.key === "m" && Date.now() - depuisG < 1500 && document.querySelector('.menu a[href="/ma-liste"]')) window.location.assign("/ma-liste");
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

  for (const bouton of document.querySelectorAll("[data-copier]")) {
    const source = document.getElementById(bouton.dataset.copier);
    if (!navigator.clipboard || !source) continue;
    bouton.hidden = false;
    bouton.addEventListener("click", function () {
      navigator.clipboard.writeText(source.textContent.trim()).then(function () {
        const dit = bouton.parentElement.querySelector("[data-copie]");
        if (dit) dit.textContent = "Copié";
      });
    });
  }
})();
