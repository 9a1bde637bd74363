// Comfort only: every page works without this file.
"use strict";

document.documentElement.classList.add("with-script");

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
      const source = document.getElementById(button.dataset.copy);
      const lines = source.matches("ol, ul") ? Array.from(source.querySelectorAll("li")) : [source];
      await navigator.clipboard.writeText(lines.map((line) => line.textContent).join("\n"));
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

// What would be refused before its time is kept back until then, with what is left of it on the button. What was said of
// it is over then, too.
for (const button of document.querySelectorAll("[data-wait]")) {
  const words = button.textContent;
  const end = Date.now() + button.dataset.wait * 1000;
  const show = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${words} (${countdown(left)})` : words;
    if (left === 0) {
      clearInterval(timer);
      const over = document.getElementById(button.dataset.over);
      over?.parentElement.classList.remove("wrong");
      over?.remove();
    }
  };
  const timer = setInterval(show, 500);
  show();
}

/** Seconds as "4:05" or "1:04:05". */
function countdown(seconds) {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

// Times come in UTC, as the server cannot know where the reader is. They become the reader's own, in the page's words.
const words = document.body.dataset;
const months = words.months.split(" ");
const fill = (text, values) => text.replace(/%([a-z]+)/g, (_, name) => values[name]);
for (const time of document.querySelectorAll("time[datetime]")) {
  const [then, now] = [new Date(time.dateTime), new Date()];
  const date = fill(then.getFullYear() === now.getFullYear() ? words.day : words.year, {
    day: then.getDate() === 1 ? words.first : then.getDate(),
    month: months[then.getMonth()],
    year: then.getFullYear(),
  });
  const clock = fill(words.clock, { hour: two(then.getHours()), minute: two(then.getMinutes()) });
  const isToday = then.toDateString() === now.toDateString();
  const point = isToday ? clock : fill(words.both, { date, clock });
  time.textContent = "day" in time.dataset ? date : point;
}
for (const zone of document.querySelectorAll("[data-zone]")) {
  zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone.replaceAll("_", " ");
}

/** A number in two digits. */
function two(number) {
  return String(number).padStart(2, "0");
}
