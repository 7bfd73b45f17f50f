// Sphinx's scores, but a heading that is about the words comes first.
var Scorer = {
  score: ([, , anchor, , score]) => (anchor ? score + 10 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

// Sphinx finds the headings and index entries that contain the query. Put first those that share most of their words
// with it, such as "own data" with "how to use my own data". They are sorted by their F2 score, in which covering the
// query counts four times as much as being covered by it.
const stemmer = new Stemmer();
const findWords = (text) => {
  const words = splitQuery(text.toLowerCase()).filter((word) => word === "own" || !stopwords.has(word));
  return new Set(words.map((word) => stemmer.stemWord(word)));
};

const searchSphinx = Search._performSearch;
Search._performSearch = (query, ...terms) => {
  const { alltitles, docnames, filenames, indexentries, titles } = Search._index;
  const asked = findWords(query);
  const found = [];
  const add = (text, file, name, anchor, kind) => {
    const words = findWords(text);
    const shared = [...words].filter((word) => asked.has(word)).length;
    const score = (5 * shared) / (4 * asked.size + words.size);
    if (score > 0.5) found.push([docnames[file], name, anchor, null, 100 * score, filenames[file], kind]);
  };
  for (const [title, places] of Object.entries(alltitles))
    for (const [file, id] of places) {
      if (titles[file] === title) add(title, file, title, "", SearchResultKind.title);
      else add(title, file, `${titles[file]} > ${title}`, `#${id}`, SearchResultKind.title);
    }
  for (const [entry, places] of Object.entries(indexentries))
    for (const [file, id, isMain] of places) {
      // conf.py gives the entries of a section a name.
      const anchor = id.startsWith("at-") ? `#${id.slice(3)}` : "";
      if (isMain) add(entry, file, titles[file], anchor, SearchResultKind.index);
    }
  found.sort((one, other) => one[4] - other[4]);
  // The best one is the last. Of several with the same address, keep that.
  const isTop = (kind, anchor) => kind === SearchResultKind.index && !anchor?.startsWith("#");
  const address = ([name, , anchor, , , , kind]) => name + (isTop(kind, anchor) ? "" : anchor || "");
  const results = [...searchSphinx(query, ...terms), ...found];
  const addresses = results.map(address);
  return results.filter((_, index) => addresses.lastIndexOf(addresses[index]) === index);
};

// A section without text has no excerpt, and Sphinx would append nothing: take the excerpt from the whole page then.
const makeExcerpt = Search.makeSearchSummary;
Search.makeSearchSummary = (html, words, anchor) =>
  makeExcerpt(html, words, anchor) ?? makeExcerpt(html, words) ?? document.createElement("p");
