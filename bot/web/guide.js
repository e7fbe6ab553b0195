"use strict";
// Two conveniences; the page is complete without them.

// A reader who changes the language stays at the entry: anchors are the same in every language.
const keepPlace = () => {
  for (const link of document.querySelectorAll(".languages a")) link.hash = location.hash;
};
addEventListener("hashchange", keepPlace);
keepPlace();

// The contents mark the part that is being read.
const entries = [...document.querySelectorAll("main section[id]")];
const links = new Map(
  [...document.querySelectorAll(".guide-contents a")].map((link) => [link.hash.slice(1), link]),
);
let marked = null;
const mark = () => {
  const read = entries.filter((entry) => entry.getBoundingClientRect().top < 120 && links.has(entry.id));
  const link = read.length ? links.get(read[read.length - 1].id) : null;
  if (link === marked) return;
  if (marked) marked.removeAttribute("aria-current");
  if (link) link.setAttribute("aria-current", "true");
  marked = link;
  const contents = document.querySelector(".guide-contents");
  if (!link || !contents || getComputedStyle(contents).position !== "fixed") return;
  const folded = link.closest("details");
  const row = folded && !folded.open ? folded.querySelector("summary") : link;
  const [box, at] = [contents.getBoundingClientRect(), row.getBoundingClientRect()];
  if (at.top < box.top + 8 || at.bottom > box.bottom - 8) {
    contents.scrollTop += at.top - box.top - box.height / 3;
  }
};
let waiting = false;
addEventListener(
  "scroll",
  () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  },
  { passive: true },
);
mark();
