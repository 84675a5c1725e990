// About me, in the person's own words.

import { attempt, byId } from "./dom.js";
import { change, follow } from "./profile.js";

let saved = "";

export function startAbout() {
  follow(({ about_me }) => {
    if (byId("about").value === saved) byId("about").value = about_me;
    saved = about_me;
  });
  byId("about-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(async () => {
      const latest = await change("PUT", "profile/about", { text: byId("about").value, base: saved });
      byId("about").value = latest.about_me;
    }, "About me is saved.");
  });
}
