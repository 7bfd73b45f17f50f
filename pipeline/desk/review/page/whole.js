// Pages that are decided as a whole, before any of their numbers: foreign, blank, twice, or doubtful.

const TITLES = {
  foreign: "This page does not look like the form",
  blank: "Nothing is written on this page",
  twice: "This page is in the pile twice",
  doubtful: "Do the fields lie on their numbers?",
};
const DECISIONS = { use: "Use as it is", turn: "Turn", out: "Leave out" };

const suggestDecision = ({ doubt }) => (doubt.kind === "doubtful" ? "use" : "out");

// The pages with the same doubt that follow each other in the queue, with this one: one answer may take all.
function listAlike(page) {
  const pages = [...new Set(state.items.filter(isWhole).map((number) => number.page))];
  const isAlike = (each) => each === page || (each.doubt.kind === page.doubt.kind && !each.decision);
  const at = pages.indexOf(page);
  const end = pages.findIndex((each, i) => i > at && !isAlike(each));
  return pages.slice(at, end < 0 ? pages.length : end);
}

function drawWhole({ page, answer }) {
  const usual = state.pile.pages.find((each) => !each.doubt) ?? page;
  const first = suggestDecision(page);
  const others = Object.keys(DECISIONS).filter((each) => each !== first && (each !== "turn" || page.other));
  const keys = { use: "U", turn: "T", out: "Del" };
  const alike = answer ? [] : listAlike(page);
  const show = (each, words) => {
    const width = (2 * EYE * each.size[1]) / each.size[0];
    return make("figure", {}, cut(each, [0, 0, each.size[1], each.size[0]], width, 2 * EYE), make("small", {}, words));
  };
  return [
    div("fh", make("h2", {}, TITLES[page.doubt.kind]), make("small", {}, page.doubt.what)),
    div("two whole", show(page, page.name), usual !== page && show(usual, "a page of the form")),
    div(
      "ans",
      button("en", "Enter", DECISIONS[first], () => press("Enter")),
      others.map((each) =>
        button("", keys[each], DECISIONS[each], () => press(each === "out" ? "Delete" : keys[each])),
      ),
      alike.length > 1 && button("", "A", `${DECISIONS[first]}: all ${alike.length}`, () => press("a")),
    ),
  ];
}

async function respondToWhole({ page }, name) {
  const decision = { Enter: suggestDecision(page), a: suggestDecision(page), u: "use", Delete: "out", t: "turn" }[name];
  if (!decision || (decision === "turn" && !page.other)) return false;
  const pages = name === "a" ? listAlike(page) : [page];
  const which = pages.map((each) => ({ page: each.id }));
  await act({ do: "page", as: decision, which });
  return true;
}
