// What a person does in Thunderbird: trusts the authority, stores the password, fetches the mail, looks at it. Runs
// inside Thunderbird, with its privileges; answers with the messages in base64.
const [authority, name, password, done] = arguments;

async function readMail() {
  const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
  const certificates = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
  certificates.addCertFromBase64(authority, "C,,");
  const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
  login.init("imap://localhost", null, "imap://localhost", name, password, "", "");
  await Services.logins.addLoginAsync(login);

  const server = MailServices.accounts.allServers.find(server => server.type == "imap");
  const inbox = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox)
    ?? server.rootFolder.getChildNamed("INBOX");
  await new Promise((resolve, reject) => inbox.getNewMessages(null, {
    OnStartRunningUrl() {},
    OnStopRunningUrl: (url, code) => Components.isSuccessCode(code) ? resolve() : reject(code),
  }));
  const messages = [];
  for (const header of inbox.messages) {
    messages.push(btoa(await source(MailServices, inbox.getUriForMsg(header))));
  }
  document.getElementById("tabmail").currentAbout3Pane.displayFolder(inbox.URI);
  return messages;
}

function source(services, uri) {
  return new Promise((resolve, reject) => {
    let text = "";
    const listener = {
      QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
      onStartRequest() {},
      onDataAvailable(request, stream, offset, count) {
        const bytes = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
        bytes.setInputStream(stream);
        text += bytes.readBytes(count);
      },
      onStopRequest: (request, code) => Components.isSuccessCode(code) ? resolve(text) : reject(code),
    };
    services.messageServiceFromURI(uri).streamMessage(uri, listener, null, null, false, "", false);
  });
}

readMail().then(done, error => done(`it failed: ${error}`));
