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

// Sphinx finds the index entries that contain the query. Put first those that the query contains, such as "own data" in
// "how to use my own data", if they are at least half of its words that are not stop words.
const searchSphinx = Search._performSearch;
Search._performSearch = (query, ...terms) => {
  const words = splitQuery(query.toLowerCase());
  const asked = words.filter((word) => !stopwords.has(word)).join(" ").length;
  let results = searchSphinx(query, ...terms); // the best one is the last
  const { docnames, filenames, indexentries, titles } = Search._index;
  const entries = Object.entries(indexentries).sort(([one], [other]) => one.length - other.length);
  for (const [entry, places] of entries) {
    if (entry.length * 2 < asked || !splitQuery(entry).every((word) => words.includes(word))) continue;
    for (const [file, id] of places.filter(([, , isMain]) => isMain)) {
      const found = [docnames[file], titles[file], `#${id}`, null, 100, filenames[file], SearchResultKind.index];
      results = [...results.filter(([name, , anchor]) => name !== found[0] || anchor !== found[2]), found];
    }
  }
  return results;
};
