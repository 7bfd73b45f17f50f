/* The menu: the link to a scene, print, and dialogs. */

/** Listen to the menu: copy the link, present, print, and what the network is. */
function makeMenu({ present }) {
  const menu = document.getElementById("menu");
  const close = () => (menu.open = false);
  const listen = (id, run) => document.getElementById(id)?.addEventListener("click", run);
  listen("copy", () => copyLink(document.getElementById("copy")));
  listen("present", () => present(!state.isPresenting));
  const all = Object.keys(SHEETS).map(Number);
  listen("print", () => printSheets({}));
  listen("solutions", () => printSheets({ isSolution: true }));
  listen("print-all", () => printSheets({ scenes: all }));
  listen("all-solutions", () => printSheets({ scenes: all, isSolution: true }));
  listen("print-teachers", () => printSheets({ copy: document.getElementById("for-class") }));
  for (const name of ["about", "teachers"]) listen(`${name}-open`, () => document.getElementById(name).showModal());
  document.getElementById("teachers")?.addEventListener("click", ({ target, currentTarget }) => {
    if (target.closest("a")) currentTarget.close();
  });
  document.addEventListener("click", ({ target }) => target.closest("summary, #copy") || close());
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    close();
    menu.querySelector("summary").focus();
  });
  for (const dialog of document.querySelectorAll("dialog"))
    dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // beside its content
}

/** Copy the link; where the clipboard is closed, put it into the address bar. */
async function copyLink(button) {
  const link = encodeLink(state); // with the drawing
  try {
    await navigator.clipboard.writeText(location.href.replace(/#.*/, "") + link);
    setText(button, "Copied");
  } catch {
    history.replaceState(null, "", link);
    setText(button, "The address is the link");
  }
  setTimeout(() => setText(button, "Copy link to this scene"), 2500);
}
