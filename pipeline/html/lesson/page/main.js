/* The main script: unpack the page, and open the scene of the address. */

(async () => {
  const page = await unpackPage(JSON.parse(document.getElementById("data").textContent));
  const shell = makeShell(page);
  makeMenu(shell);
  listenToPrint(page);

  /** Show what the address contains: a scene, a drawing, a test image of the report. */
  function openAddress() {
    const { scene, strokes, tested, isPresenting, ...rest } = decodeLink(location.hash, page.model);
    if (strokes || tested) change({ strokes: strokes ?? [], tested });
    state.isPresenting = isPresenting;
    shell.fit();
    const first = page.pictures ? 1 : EXPLORE;
    shell.open(page.pictures ? (scene ?? (strokes || tested ? EXPLORE : first)) : EXPLORE, rest);
  }

  window.addEventListener("popstate", openAddress);
  openAddress();
})();
