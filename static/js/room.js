// The live room: says how old the page is, and keeps Stop usable whatever the stream does.
(() => {
  const AMBER = 10, RED = 20;
  let heard = Date.now();
  const stale = document.getElementById("stale");

  const show = () => {
    const age = Math.floor((Date.now() - heard) / 1000);
    for (const place of document.querySelectorAll("[data-fresh]")) {
      place.textContent = age > AMBER ? `${age} s old` : `${place.dataset.fresh}${age} s ago`;
      place.classList.toggle("tone-wait", age > AMBER && age <= RED);
      place.classList.toggle("tone-danger", age > RED);
    }
    if (stale && stale.hidden !== age <= RED) stale.hidden = age <= RED;
  };

  const fresh = () => { heard = Date.now(); show(); };
  document.addEventListener("htmx:sseMessage", fresh);
  setInterval(show, 1000);

  // Pinning must not cost a half-written note, so it goes without a page load when it can.
  const pins = document.getElementById("pins");
  let plainly = false;
  pins?.addEventListener("submit", async (event) => {
    if (plainly) return;
    event.preventDefault();
    const button = event.submitter;
    const body = new FormData(pins, button);
    const sent = await fetch(pins.action, { method: "POST", body, headers: { "HX-Request": "true" } }).catch(() => null);
    if (sent?.ok) return;
    plainly = true;
    pins.requestSubmit(button);
  });
  show();
})();
