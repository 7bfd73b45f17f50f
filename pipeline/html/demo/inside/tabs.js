/* On narrow screens the row of columns becomes tabs: one column at a time (WAI-ARIA Authoring Practices, "Tabs"). */

const NARROW = matchMedia("screen and (max-width: 69.99rem)");

// A tablet, on which the drawing, its answer and the bars stay while the layers scroll beside them.
const TABLET = matchMedia("screen and (min-width: 48.01rem) and (max-width: 69.99rem) and (min-height: 40rem)");

/**
 * Make tabs. Returns {set(names, elements, onChange), select(i), show()}. names: of the tabs. elements: which they
 * show; on wide screens, and while the inside is closed, all are shown. onChange: called with the index of the tab.
 */
function makeTabs(list) {
  let [tabs, panels, selected, changed] = [[], [], 0, () => {}];
  const show = () => {
    tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", i === selected);
      tab.tabIndex = i === selected ? 0 : -1;
    });
    const areTabs = NARROW.matches && document.body.classList.contains("inside-open");
    document.body.style.minHeight = areTabs ? `${scrollY + innerHeight}px` : ""; // so that the tabs keep their place
    list.hidden = !areTabs;
    panels.forEach((element, i) => (element.hidden = areTabs && i !== selected));
    changed(selected);
  };
  const select = (i) => {
    selected = (i + tabs.length) % tabs.length;
    show();
  };
  list.addEventListener("keydown", (event) => {
    const next = { ArrowLeft: selected - 1, ArrowRight: selected + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    select(next);
    tabs[selected].focus();
  });
  return {
    select,
    show,
    set(names, elements, onChange) {
      [panels, changed, selected] = [elements, onChange, Math.min(selected, names.length - 1)];
      list.replaceChildren();
      tabs = names.map((name, i) => {
        const tab = append(list, "button", name);
        tab.type = "button";
        tab.setAttribute("role", "tab");
        tab.setAttribute("aria-controls", "columns");
        tab.addEventListener("click", () => select(i));
        return tab;
      });
      show();
    },
  };
}
