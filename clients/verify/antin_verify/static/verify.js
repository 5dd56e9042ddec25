// Comfort only: every page works without this. Nothing here sends a file anywhere.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);

  const check = byId("check");
  if (check) {
    const drop = byId("drop");
    const file = byId("file");
    const over = (event) => { event.preventDefault(); drop.classList.add("over"); };
    const out = () => drop.classList.remove("over");
    drop.addEventListener("dragenter", over);
    drop.addEventListener("dragover", over);
    drop.addEventListener("dragleave", out);
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      out();
      if (event.dataTransfer.files.length === 1) {
        file.files = event.dataTransfer.files;
        check.querySelector("button").focus();
      }
    });
    const button = check.querySelector("button");
    const rest = () => { button.disabled = false; check.querySelector(".busy").textContent = ""; };
    check.addEventListener("submit", () => {
      button.disabled = true;
      check.querySelector(".busy").textContent = button.dataset.busy;
    });
    // Back from the result by the browser's own button: the form is ready again.
    window.addEventListener("pageshow", rest);
  }

  const local = byId("local-file");
  // SubtleCrypto is there on HTTPS and on localhost.
  if (local && window.crypto && window.crypto.subtle) {
    const hint = byId("local-hint");
    local.closest(".local").hidden = false;
    local.addEventListener("change", async () => {
      const chosen = local.files[0];
      if (!chosen) return;
      hint.textContent = local.dataset.working;
      try {
        const digest = await crypto.subtle.digest("SHA-256", await chosen.arrayBuffer());
        byId("digest").value = Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
        hint.textContent = local.dataset.done;
        byId("digest-form").querySelector("button").focus();
      } catch {
        hint.textContent = local.dataset.failed;
      }
    });
  }

  const print = byId("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
    // A printed report shows all there is.
    const details = document.querySelectorAll("details");
    window.addEventListener("beforeprint", () => details.forEach((one) => { one.dataset.was = one.open ? "1" : ""; one.open = true; }));
    window.addEventListener("afterprint", () => details.forEach((one) => { one.open = one.dataset.was === "1"; }));
  }
})();
