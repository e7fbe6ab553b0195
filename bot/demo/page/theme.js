// Runs before the first paint, so that a dark page never flashes white.
(function () {
  let saved = null;
  try { saved = localStorage.getItem("theme"); } catch { /* storage may be off */ }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => { document.documentElement.dataset.theme = saved || (dark.matches ? "dark" : "light"); };
  show();
  dark.addEventListener("change", () => {
    try { saved = localStorage.getItem("theme"); } catch { /* as above */ }
    show();
  });
})();
