// Runs before the page's own script. While a new version is rolled out, the server that sent this page and the one that is
// asked for its script may be of two versions.
let waits = false;
addEventListener(
  "error",
  ({ target }) => {
    const started = document.getElementById("root")?.hasChildNodes();
    const needed = target instanceof HTMLScriptElement || target?.rel === "stylesheet";
    if (started || waits || !needed) return;
    waits = true;
    const tries = Number(sessionStorage.getItem("columnist.starts")) + 1;
    sessionStorage.setItem("columnist.starts", String(tries));
    const tell = () => {
      document.body.textContent = "Columnist is being updated. This page tries again by itself.";
    };
    if (document.readyState === "loading") addEventListener("DOMContentLoaded", tell);
    else tell();
    setTimeout(() => location.reload(), Math.min(30_000, 1000 * tries));
  },
  true,
);
