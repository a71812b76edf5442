"use strict";
// Adds a filter box; without scripts the page has everything else.
(() => {
  const items = [...document.querySelectorAll("[data-f]")];
  const folded = [...document.querySelectorAll("details[data-auto]")];
  if (items.length < 2) return;
  const box = document.createElement("div");
  box.className = "filter";
  box.setAttribute("role", "search");
  box.innerHTML =
    '<label for="filter">Show only what contains</label>' +
    '<input id="filter" type="search" autocomplete="off" spellcheck="false">' +
    '<output for="filter" aria-live="polite"></output>';
  document.getElementById("content").prepend(box);
  const input = box.querySelector("input");
  const said = box.querySelector("output");
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const apply = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      item.hidden = !words.every((word) => textOf(item).includes(word));
      if (!item.hidden) shown += 1;
    }
    for (const part of folded) {
      part.open = words.length > 0 && part.querySelector("[data-f]:not([hidden])") !== null;
    }
    said.textContent = words.length ? `${shown} of ${items.length} entries` : "";
  };
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !input.value) return;
    event.preventDefault();
    input.value = "";
    apply();
  });
})();
