// What the page can do beyond being read: filter its entries, and choose light or dark. Without it, all is shown.
"use strict";

// Kept by the browser where it may be; a page in a sandbox, or of a file, may not.
const kept = {
  read() { try { return localStorage.getItem("reconciler-theme"); } catch { return null; } },
  write(theme) { try { localStorage.setItem("reconciler-theme", theme); } catch { /* it holds for this visit */ } },
};

const root = document.documentElement;
const themes = ["light", "dark"];
if (themes.includes(kept.read())) root.dataset.theme = kept.read();

function offerThemes(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const other = () => themes[+((root.dataset.theme ?? (system.matches ? "dark" : "light")) === "light")];
  const label = () => { button.textContent = other() === "dark" ? "Dark" : "Light"; };
  button.addEventListener("click", () => { root.dataset.theme = other(); kept.write(root.dataset.theme); label(); });
  system.addEventListener("change", label);
  label();
  button.hidden = false;
}

// An entry is found by all its text but the numbers of its past, and by the title it stands under.
function searchable(entry) {
  const past = entry.querySelector(".past");
  const text = past ? entry.textContent.replace(past.textContent, " ") : entry.textContent;
  return `${entry.closest("[data-group]").querySelector("h3")?.textContent ?? ""} ${text}`.toLowerCase();
}

function offerFilter(area) {
  const form = area.querySelector("form");
  const entries = [...area.querySelectorAll("[data-k]")].map((element) => ({
    element, text: null, kinds: element.dataset.k.split(" "), account: element.dataset.a,
  }));
  const groups = [...area.querySelectorAll("[data-group]")];
  const sections = [...area.querySelectorAll("[data-section]")];
  let filtered = false;
  const showing = (parent) => parent.querySelector("[data-k]:not([hidden])") !== null;

  function apply() {
    const { text, kind, account } = Object.fromEntries(new FormData(form));
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const filtering = Boolean(words.length || kind || account);
    const matches = (entry) => (!kind || entry.kinds.includes(kind)) && (!account || entry.account === account)
      && words.every((word) => (entry.text ??= searchable(entry.element)).includes(word));
    let shown = 0;
    for (const entry of entries) {
      const match = matches(entry);
      entry.element.hidden = !match;
      shown += match;
    }
    for (const group of groups) {
      group.hidden = !showing(group);
      if (group.hasAttribute("data-fold") && (filtering || filtered)) group.open = filtering && !group.hidden;
    }
    filtered = filtering;
    for (const section of sections) section.hidden = !showing(section);
    form.querySelector(".result").textContent =
      `${filtering ? `${shown} of ${entries.length}` : entries.length} ${form.dataset.noun}${entries.length === 1 ? "" : "s"}`;
  }

  const unfold = form.querySelector("[data-unfold]");
  unfold.addEventListener("click", () => {
    const open = unfold.getAttribute("aria-pressed") === "false";
    for (const each of area.querySelectorAll("details")) each.open = open;
    unfold.setAttribute("aria-pressed", String(open));
  });
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  // A link to an entry that a filter hides would lead nowhere.
  document.addEventListener("click", (event) => {
    const target = document.getElementById(event.target.closest?.("a[href^='#a']")?.hash.slice(1));
    if (!target || !area.contains(target)) return;
    if (target.hidden) { form.reset(); apply(); }
    target.closest("[data-fold]")?.setAttribute("open", "");
    target.querySelector("details").open = true;
  });
  form.hidden = false;
  apply();
}

document.addEventListener("DOMContentLoaded", () => {
  offerThemes(document.getElementById("theme"));
  for (const area of document.querySelectorAll("[data-filtered]")) offerFilter(area);
});
