// Optional comfort of long forms: the draft is kept every few seconds, a number is copied. Buttons do the same without this file.
"use strict";
(function () {
  const ATTENTE = 3000; // milliseconds without a key before a save

  function keep(form) {
    const etat = form.querySelector("[data-brouillon-etat]");
    let prevue = null, derniere = "", fini = false;

    function read() {
      const champs = new URLSearchParams();
      // the key of the form under another name: it must not be used up, but a call already recorded keeps no draft
      new FormData(form).forEach(function (valeur, nom) { if (typeof valeur === "string") champs.append(nom === "cle_saisie" ? "formulaire" : nom, valeur); });
      return champs;
    }

    async function save() {
      const champs = read();
      if (fini || champs.toString() === derniere) return;
      try {
        const reponse = await fetch(form.dataset.brouillon, { method: "POST", body: champs, headers: { accept: "application/json" }, keepalive: true });
        if (!reponse.ok || reponse.redirected) throw new Error("not kept");
        derniere = champs.toString();
        etat.textContent = (await reponse.json()).phrase;
      } catch (erreur) {
        etat.textContent = "Brouillon non gardé : la connexion manque, ou votre session est terminée. Ne fermez pas cette page.";
      }
    }

    derniere = read().toString();
    form.addEventListener("input", function () {
      window.clearTimeout(prevue);
      prevue = window.setTimeout(save, ATTENTE);
    });
    form.addEventListener("submit", function () { fini = true; window.clearTimeout(prevue); });
    window.addEventListener("pagehide", function () { if (!fini) save(); });
  }

  document.querySelectorAll("form[data-brouillon]").forEach(keep);

  // Questions that other answers call for: shown as soon as they have an object, instead of after the next save.
  document.querySelectorAll("form.questionnaire").forEach(function (form) {
    const suites = Array.from(form.querySelectorAll("fieldset[data-si]"));
    function show() {
      suites.forEach(function (suite) {
        const source = form.querySelector('[name="' + suite.dataset.si + '"]').closest("fieldset");
        const codes = suite.dataset.codes.split(" ");
        suite.hidden = source.hidden || !Array.from(source.querySelectorAll("input:checked")).some((coche) => codes.includes(coche.value));
      });
    }
    form.addEventListener("change", show);
    show();
  });

  document.querySelectorAll("[data-copier]").forEach(function (bouton) {
    if (!navigator.clipboard) return;
    bouton.hidden = false;
    bouton.addEventListener("click", async function () {
      const dit = bouton.parentElement.querySelector("[data-copie]");
      try {
        await navigator.clipboard.writeText(bouton.dataset.copier);
        dit.textContent = "Copié";
      } catch (erreur) {
        dit.textContent = "Copie impossible : sélectionnez le numéro.";
      }
    });
  });
})();
