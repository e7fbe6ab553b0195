// Runs before the first paint, so that a dark page never flashes white.
(function () {
  let saved = null;
  try { saved = localStorage.getItem("theme"); } catch { /* storage may be off */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = saved || (dark ? "dark" : "light");
})();
