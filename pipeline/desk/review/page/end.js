// The end: what was looked at, what was not, and the tables.

function drawEnd() {
  get("end").hidden = state.view !== "end";
  if (state.view !== "end") return;
  const { pile } = state;
  const counts = countAnswers(pile);
  const total = pile.pages.reduce((sum, { numbers }) => sum + numbers.filter(isThere).length, 0);
  const checks = pile.pages.flatMap((page) => page.checks);
  const sums = pile.pages.filter(addsUp).length;
  const lines = checks.filter(({ kind, state: verdict }) => kind === "line" && verdict === "fits").length;
  const left = counts.open + counts.later;
  const title = left
    ? `Almost done: ${left} ${left === 1 ? "number is" : "numbers are"} left`
    : counts.asked
      ? "Done: nothing is left"
      : "Nothing needs eyes";
  const out = pile.pages.filter(({ decision }) => decision === "out");
  const later = pile.pages.flatMap(({ questions }) => [...questions.keys()]);
  const named = later
    .slice(0, 3)
    .map((number) => `${label(number)} of ${isolate(number.page.name)}`)
    .join("; ");
  const certain = percent(KNOWN.certain);
  const rows = [
    left && [
      left,
      "left for later:",
      `${named}${later.length > 3 ? " and others" : ""}`,
      button("gt", "G", left === 1 ? "Go to it" : "Go to them", () => press("g")),
    ],
    counts.asked && [
      counts.asked,
      "looked at:",
      `${counts.right} right, ${counts.corrected} corrected${counts.added ? `, ${counts.added} of these added` : ""}`,
    ],
    counts.proved && [counts.proved, "not asked:", `${certain} or more, because their lines add up`],
    out.length && [out.length, "left out:", out.map(({ name }) => isolate(name)).join("; ")],
    [counts.certain, "not asked:", `${certain} or more`],
    sums && [
      sums,
      sums === 1 ? "page adds up," : "pages add up,",
      lines ? `with all their ${lines} lines` : "with their totals",
    ],
  ].filter(Boolean);
  const list = make(
    "dl",
    {},
    rows.flatMap(([count, words, rest, extra], i) => [
      make("dt", { className: left && !i ? "no" : "" }, count.toLocaleString("en")),
      make("dd", {}, make("b", {}, words), ` ${rest} `, extra ?? null),
    ]),
  );
  const intro =
    !counts.asked &&
    !left &&
    make(
      "p",
      { className: "lead" },
      `All ${total.toLocaleString("en")} numbers have ${certain} or more, or their lines add up.`,
    );
  const isForm = Object.keys(pile.fields).length > 0;
  get("end").replaceChildren(
    make(
      "section",
      {},
      make("h2", {}, title),
      intro,
      list,
      counts.certain + counts.proved > 0 && drawSpot(counts),
      div(
        "row",
        button("go", "Enter", isForm ? "Save table.csv" : "Save corrected.csv", () => press("Enter")),
        isForm && button("plain", "R", "Save rows", () => press("r")),
      ),
      make("small", {}, state.keepsNothing ? NOTHING : "Saved or not, your answers stay in this browser."),
      isForm && make("small", {}, "For a workbook: handwriting classify --form FORM --output table.xlsx table.csv"),
    ),
    drawAccount(pile),
  );
}

const NOTHING = "This browser keeps nothing. Save before you close the page.";

function drawSpot(counts) {
  const rest = counts.certain + counts.proved;
  const count = Math.min(20, rest);
  if (!counts.sampled) {
    return div(
      "spot",
      make("b", {}, `Not sure yet? Look at the least certain ${count} of the ${rest.toLocaleString("en")}.`),
      span("", `About a minute. By their confidence, about ${Math.round(counts.doubt)} are wrong.`),
      button("pl", "T", `Look at ${count}`, () => press("t")),
    );
  }
  return div(
    "spot",
    make("b", {}, `${counts.wrong} of the ${counts.sampled} least certain were wrong.`),
    span("", counts.wrong ? "Look at more, until none is." : "The others are more certain."),
    button("pl", "T", `Look at ${count} more`, () => press("t")),
  );
}

const LISTED = 200; // pages in the account; what is left comes first

function drawAccount(pile) {
  const dash = (count) => (count ? count.toLocaleString("en") : "–");
  const isMany = pile.pages.length > LISTED;
  const pages = isMany ? [...pile.pages].sort((a, b) => (b.questions.size > 0) - (a.questions.size > 0)) : pile.pages;
  const rowOf = (name, cells) => make("tr", {}, ...cells.map((cell) => make(name, {}, cell)));
  const rows = pages.slice(0, LISTED).map((page) => {
    const answered = page.numbers.filter(({ answer }) => answer && answer !== "covered");
    const corrected = answered.filter(({ answer }) => answer === "set" || answer === "none");
    const open = page.questions.size;
    const sum = page.checks.length ? (addsUp(page) ? tick() : make("b", { className: "no" }, "≠")) : "–";
    const goThere = { className: "plain", type: "button", onclick: () => openPage(page) };
    return rowOf("td", [
      make("button", goThere, isolate(page.name)),
      page.decision === "out" ? "left out" : dash(page.numbers.filter(isThere).length),
      dash(answered.length),
      dash(corrected.length),
      open ? make("b", { className: "no" }, String(open)) : "–",
      sum,
    ]);
  });
  const head = rowOf("th", ["page", "numbers", "looked at", "corrected", "left", "adds up"]);
  const more = isMany && make("caption", {}, `${LISTED} of ${pile.pages.length} pages`);
  const table = make("table", {}, more, make("thead", {}, head), make("tbody", {}, rows));
  return make("section", { className: "tb", tabIndex: 0, ariaLabel: "Pages" }, table);
}
