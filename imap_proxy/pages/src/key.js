// Security keys: the one part of the pages that needs a script, as only a script may ask the browser for a key.
//
// The page holds the options as the daemon made them, and a form:
//
//   <script type="application/json" id="options">{ … }</script>
//   <form id="key" method="post" action="…" data-start data-touch="…" data-again="…" data-refused="…" data-known="…"
//         data-failed="…" data-unsupported="…">
//     <input type="hidden" name="response">
//     <p id="key-message" role="status"></p>
//     <button>…</button>
//   </form>
//
// Submitting the form asks for the key first; the key's answer goes into the hidden field, and then the form goes out.
// With `data-start` that begins at once. The texts are the page's: `touch` while the key is waited for, `again` on the
// button afterwards, `refused` when nothing came of it (cancelled, too late, a key that is not one of the account's, or
// a browser that asks for none before the button is pressed), `known` for a key that is registered already, `failed` for
// all else, `unsupported` where the browser has no keys.
// Without scripts the form goes out with an empty field, and the server says what is missing.
"use strict";

{
  const form = document.getElementById("key");
  const options = JSON.parse(document.getElementById("options").textContent);
  const message = document.getElementById("key-message");
  const button = form.querySelector("button");

  // Byte strings are base64url without padding in JSON, and buffers in the browser. Newer browsers convert by
  // themselves, but by doing it here all of them go the same way.
  const toBytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const toText = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  const toDescriptors = (credentials) => credentials.map((known) => ({ ...known, id: toBytes(known.id) }));

  /** A new key's answer, as `RegistrationResponseJSON`. */
  async function create() {
    const publicKey = {
      ...options,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: toDescriptors(options.excludeCredentials),
    };
    const credential = await navigator.credentials.create({ publicKey });
    const { clientDataJSON, attestationObject } = credential.response;
    return envelope(credential, {
      clientDataJSON: toText(clientDataJSON),
      attestationObject: toText(attestationObject),
      transports: credential.response.getTransports?.() ?? [],
    });
  }

  /** The answer of a key that the account has, as `AuthenticationResponseJSON`. */
  async function get() {
    const publicKey = {
      ...options,
      challenge: toBytes(options.challenge),
      allowCredentials: toDescriptors(options.allowCredentials),
    };
    const credential = await navigator.credentials.get({ publicKey });
    const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
    return envelope(credential, {
      clientDataJSON: toText(clientDataJSON),
      authenticatorData: toText(authenticatorData),
      signature: toText(signature),
      ...(userHandle && { userHandle: toText(userHandle) }),
    });
  }

  /** What both answers stand in. */
  function envelope(credential, response) {
    const id = toText(credential.rawId);
    return { id, rawId: id, type: credential.type, response, clientExtensionResults: {} };
  }

  /** Asks for the key, and sends what it says. */
  async function run() {
    button.disabled = true;
    message.textContent = form.dataset.touch;
    try {
      const answer = await ("pubKeyCredParams" in options ? create() : get());
      form.elements.response.value = JSON.stringify(answer);
      // Past the listener below, which would ask again.
      form.submit();
    } catch (error) {
      message.textContent = explanation(error);
      button.textContent = form.dataset.again;
      button.disabled = false;
    }
  }

  /** What the page says of an error. Browsers tell little of them, so that pages can't find out who owns which key. */
  function explanation({ name }) {
    switch (name) {
      case "NotAllowedError":
        return form.dataset.refused;
      case "InvalidStateError":
        return form.dataset.known;
      default:
        return form.dataset.failed;
    }
  }

  if (window.PublicKeyCredential) {
    form.addEventListener("submit", (event) => {
      // A button that leads elsewhere needs no key.
      if (event.submitter?.hasAttribute("formaction")) {
        return;
      }
      event.preventDefault();
      run();
    });
    if ("start" in form.dataset) {
      run();
    }
  } else {
    message.textContent = form.dataset.unsupported;
    button.disabled = true;
  }
}
