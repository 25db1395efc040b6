// Going from page to page without loading everything anew. Pages ask for it here; app.js, which shows them, carries it out.

export const HOME = "/portal/ui/";

let showPage = async () => {};

/** Has this function show the page of the address; `moved` says whether that is another one than before. */
export function showWith(show) {
  showPage = show;
}

/** Goes to a page of ours: `go("applications")`. */
export function go(page) {
  history.pushState(null, "", HOME + page);
  return show();
}

/** Shows the page of the address again, with what is new. */
export function show(moved = true) {
  return showPage(moved);
}
