// The log: the steps of all piles, because a page keeps its answers if it is in another one. A step is on the disk
// before the next row shows: a browser that is killed loses the last seconds of its localStorage, but nothing of this.

const STORE = "steps";

function request(asked) {
  return new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function openLog(pile) {
  const opening = indexedDB.open("handwriting-review", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: ["pile", "number"] });
  const database = await request(opening);
  const write = (change) =>
    new Promise((done, failed) => {
      const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
      change(transaction.objectStore(STORE));
      transaction.oncomplete = done;
      transaction.onabort = () => failed(transaction.error);
    });
  return {
    load: () => request(database.transaction(STORE).objectStore(STORE).getAll()),
    append: (step) => write((store) => store.add({ ...step, pile })),
    drop: (step) => write((store) => store.delete([step.pile ?? pile, step.number])),
  };
}

// For a browser that keeps nothing: the page itself has the steps.
const makeLog = () => ({ load: async () => [...state.steps], append: async () => {}, drop: async () => {} });

// One tab at a time changes a pile. Return whether this one may; `lost` is called when another one takes it over. A tab
// that is closed, or killed, frees it.
function takePile(pile, isTaken, lost) {
  if (!navigator.locks) return true; // as on a server without encryption
  return new Promise((done) => {
    const options = isTaken ? { steal: true } : { ifAvailable: true };
    navigator.locks
      .request(`review-${pile}`, options, (lock) => {
        done(Boolean(lock));
        return lock && new Promise(() => {}); // until the tab is closed
      })
      .catch(lost);
  });
}
