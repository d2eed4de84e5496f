// Shows only the metrics in which every word of the search box occurs.
"use strict";
const box = document.getElementById("search");
const items = [...document.querySelectorAll("[data-search]")];
const groups = [...document.querySelectorAll(".group")];
const nothing = document.getElementById("nothing");
function search() {
  const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items) item.hidden = !words.every((word) => item.dataset.search.includes(word));
  for (const group of groups) group.hidden = !group.querySelector("[data-search]:not([hidden])");
  nothing.hidden = items.some((item) => !item.hidden);
}
if (box) {
  box.addEventListener("input", search);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== box) {
      event.preventDefault();
      box.focus();
    }
  });
  search();
}
