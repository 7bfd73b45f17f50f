/* Scenes that are not built yet. */

/** A scene that is not built yet: it only leads on. */
const comingScene = (name) => ({
  name,
  title: name,
  lead: "",
  begin: () => ({}),
  build: () => () => {},
  action: (own, scene) => ({ label: "Next", run: scene.next }),
});
