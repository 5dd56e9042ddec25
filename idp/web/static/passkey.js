/* Passkeys (WebAuthn Level 3): forms of class "passkey" appear where the browser can use them.
   The answer goes into a hidden field of an ordinary form, so that everything else is an ordinary page. */
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  let waiting = null;

  const optionsOf = async (form) => {
    const token = form.elements.csrf_token.value;
    const answer = await fetch(form.dataset.options, { method: "POST", headers: { "X-CSRFToken": token } });
    if (!answer.ok) throw new Error(String(answer.status));
    const options = await answer.json();
    options.challenge = bytes(options.challenge);
    for (const list of [options.allowCredentials, options.excludeCredentials]) {
      for (const each of list || []) each.id = bytes(each.id);
    }
    if (options.user) options.user.id = bytes(options.user.id);
    return options;
  };

  const plain = (credential) => {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["authenticatorData", "signature", "userHandle", "attestationObject"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type,
      clientExtensionResults: {}, response });
  };

  const send = (form, credential) => {
    form.elements.credential.value = plain(credential);
    const kiosk = document.getElementById("kiosk");
    if (kiosk && form.elements.kiosk) form.elements.kiosk.value = kiosk.checked ? "yes" : "";
    form.submit();
  };

  const use = async (form) => {
    const note = form.querySelector(".passkey-error");
    note.textContent = "";
    if (waiting) waiting.abort();
    try {
      const options = await optionsOf(form);
      send(form, form.classList.contains("create")
        ? await navigator.credentials.create({ publicKey: options })
        : await navigator.credentials.get({ publicKey: options }));
    } catch {
      note.textContent = form.dataset.failed;
    }
  };

  // The browser offers a passkey in the username field, before anybody clicks.
  const offer = async (form) => {
    if (!document.querySelector("[autocomplete~=webauthn]")) return;
    if (!PublicKeyCredential.isConditionalMediationAvailable) return;
    if (!(await PublicKeyCredential.isConditionalMediationAvailable())) return;
    waiting = new AbortController();
    try {
      const publicKey = await optionsOf(form);
      send(form, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: waiting.signal }));
    } catch {
      // Nothing was chosen: the page stays as it is.
    }
  };

  if (!window.PublicKeyCredential) return;
  for (const form of document.querySelectorAll("form.passkey")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      use(form);
    });
  }
  const login = document.querySelector("form.passkey:not(.create)");
  if (login) offer(login);
})();
