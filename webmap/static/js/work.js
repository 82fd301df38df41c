// Something that is being done in the background: how far it is, and the page again when it ended.
"use strict";

(function () {
  const POLL_MS = 500;

  async function poll(section) {
    const bar = section.querySelector("progress");
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      let said;
      try {
        const answer = await fetch(section.dataset.state, { headers: { Accept: "application/json" } });
        if (!answer.ok) { continue; }
        said = await answer.json();
      } catch {
        continue; // the network may come back
      }
      if (typeof said.progress === "number") { bar.value = said.progress; } // else it only moves
      if (!said.busy) {
        window.location.reload();
        return;
      }
    }
  }

  const work = document.querySelector(".work[data-state]");
  if (work) { poll(work); }
})();
