// Comfort only: every page works without this file.
"use strict";

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// The clipboard exists on secure origins only; elsewhere the button stays hidden.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const copy = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const lines = document.getElementById(button.dataset.copy).querySelectorAll("li");
      await navigator.clipboard.writeText(Array.from(lines, (line) => line.textContent).join("\n"));
      button.textContent = button.dataset.copied;
      document.getElementById("copied").textContent = button.dataset.copied;
      setTimeout(() => {
        button.textContent = copy;
        document.getElementById("copied").textContent = "";
      }, 3000);
    });
  }
}

// What stands behind the # of an address says to some webmails which message is meant. No server ever sees it, so it goes
// along with each form, to wherever that leads.
for (const form of document.forms) {
  form.action += location.hash;
}

// What may be done only later appears then.
for (const button of document.querySelectorAll("[data-after]")) {
  setTimeout(() => {
    button.hidden = false;
    if (button.dataset.insteadOf) {
      document.getElementById(button.dataset.insteadOf).hidden = true;
    }
  }, button.dataset.after * 1000);
}

// Times come in UTC, as the server cannot know where the reader is.
for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  const today = moment.toDateString() === new Date().toDateString();
  const year = moment.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
  const date = { day: "numeric", month: "long", ...year };
  if ("day" in time.dataset) {
    time.textContent = moment.toLocaleDateString(document.documentElement.lang, date);
    continue;
  }
  time.textContent = moment.toLocaleString(document.documentElement.lang, {
    ...(today ? {} : date),
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
}
