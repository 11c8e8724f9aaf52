// What every page can do beyond its forms. Without this file every form still posts, and the
// server asks before a Stop that carries no confirm=1.
(() => {
  "use strict";
  const HOLD_MS = 1000;
  const SEQUENCE_MS = 1200;
  const FIELDS = "input, textarea, select, [contenteditable]";
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const announce = (text) => { const place = one("#announce"); if (place) place.textContent = text; };

  // Dialogs: a button with data-dialog opens the dialog of that id instead of submitting.
  const open = (id) => {
    const dialog = id && document.getElementById(id);
    if (!dialog?.showModal) return false;
    if (!dialog.open) dialog.showModal();
    (one(".btn-stop", dialog) ?? one("[autofocus]", dialog))?.focus();
    return true;
  };

  // Stop: hold one second and release to skip the question; sliding off takes it back.
  const sendHeld = (button) => {
    const form = button.form;
    for (const [name, value] of [["confirm", "1"], ["how", "hold"]]) {
      one(`input[name="${name}"][data-held]`, form)?.remove();
      const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      field.dataset.held = "";
      form.append(field);
    }
    form.requestSubmit();
  };
  document.addEventListener("pointerdown", (event) => {
    const button = event.target.closest(".btn-stop[data-dialog]");
    if (!button?.form || event.button || button.getAttribute("aria-disabled") === "true") return;
    const words = one("span", button), before = words?.textContent;
    const pressed = performance.now(), over = new AbortController();
    button.classList.add("holding");
    const armed = setTimeout(() => {
      if (words) words.textContent = "Release to stop";
      announce("Release to stop");
    }, HOLD_MS);
    const end = (fire) => {
      clearTimeout(armed);
      over.abort();
      button.classList.remove("holding");
      if (words) words.textContent = before;
      if (!fire) return;
      button.dataset.skipClick = "";
      sendHeld(button);
    };
    const options = { signal: over.signal };
    button.addEventListener("pointerup", () => end(performance.now() - pressed >= HOLD_MS), options);
    button.addEventListener("pointerleave", () => end(false), options);
    button.addEventListener("pointercancel", () => end(false), options);
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const skip = "skipClick" in opener.dataset;
      delete opener.dataset.skipClick;
      if (skip || opener.getAttribute("aria-disabled") === "true" || open(opener.dataset.dialog)) event.preventDefault();
      return;
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    all("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  // A form is sent once, however often it is pressed; coming back with the Back button frees it.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[hx-post], [data-repeat]")) return;
    if ("sent" in form.dataset) { event.preventDefault(); return; }
    if (event.defaultPrevented) return;
    form.dataset.sent = "";
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }));
  document.addEventListener("change", (event) => {
    event.target.form?.matches("form[data-auto]") && event.target.form.requestSubmit();
  });

  // Light or dark: kept in a cookie, so that the server draws the page right the first time.
  const dark = () => (document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  all("[data-theme-toggle]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const theme = dark() ? "light" : "dark";
      document.documentElement.dataset.theme = theme;
      document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`;
      announce(`${theme === "dark" ? "Dark" : "Light"} colours`);
    });
  });

  // The calendar reads in the zone of the reader: kept in a cookie, drawn by the server.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;

  // Copy a value that is shown once.
  all("[data-copy]").forEach((button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      announce("Copied");
      button.textContent = "Copied";
    });
  });

  all("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // Search or jump to: Ctrl K from anywhere, arrows through what was found, Escape out of it.
  if (/Mac|iPhone|iPad/.test(navigator.platform)) all("[data-mod]").forEach((key) => { key.textContent = "⌘"; });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      const field = all("[data-find]").find((found) => found.checkVisibility());
      if (field) { event.preventDefault(); field.focus(); field.select(); }
      else if (one(".find-s")) { event.preventDefault(); one(".find-s").click(); }
      return;
    }
    const box = event.target.closest?.("[data-find-box]");
    if (!box) return;
    const stops = [one("[data-find]", box), ...all(".hits a", box)];
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) { event.preventDefault(); stops[Math.min(stops.length - 1, Math.max(0, stops.indexOf(event.target) + by))].focus(); }
    else if (event.key === "Escape") { stops[0].value = ""; one(".hits", box).replaceChildren(); stops[0].focus(); stops[0].blur(); }
  });

  // Keys. Single keys can be switched off; Shift+S stays, and nothing fires inside a field.
  const remembered = { get: () => { try { return localStorage.getItem("singleKeys") !== "off"; } catch { return true; } },
    set: (on) => { try { localStorage.setItem("singleKeys", on ? "on" : "off"); } catch { /* private mode: lasts for this page */ } } };
  let singleKeys = remembered.get();
  all("[data-single-keys]").forEach((box) => {
    box.checked = singleKeys;
    box.addEventListener("change", () => { singleKeys = box.checked; remembered.set(singleKeys); });
  });
  let goUntil = 0;
  const rows = () => all("[data-row], .inbox > li > a, .data tbody th a, .finding h2 a");
  const step = (by) => {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((row) => row === document.activeElement || row.closest("tr, li")?.contains(document.activeElement));
    const current = at < 0 ? list.findIndex((row) => row.getAttribute("aria-current")) : at;
    list[Math.min(list.length - 1, Math.max(0, current + by))].focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest?.(FIELDS)) return;
    if (event.key === "Escape") all("details[data-menu][open]").forEach((menu) => { menu.open = false; one("summary", menu).focus(); });
    if (event.key.toLowerCase() === "s" && event.shiftKey) {
      const stop = one('.btn-stop[data-dialog]:not([aria-disabled="true"])');
      if (stop) { event.preventDefault(); stop.click(); }
      return;
    }
    if (!singleKeys || one("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (Date.now() < goUntil) {
      goUntil = 0;
      const place = one(`[data-go="${CSS.escape(key)}"]`);
      if (place) { event.preventDefault(); location.assign(place.href); }
      return;
    }
    if (key === "g") goUntil = Date.now() + SEQUENCE_MS;
    else if (key === "?") { event.preventDefault(); open("keys"); }
    else if (key === "j") step(1);
    else if (key === "k") step(-1);
    else one(`[data-key="${CSS.escape(key)}"]`)?.focus();
  });
})();
