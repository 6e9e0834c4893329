"use strict";
// Sorting by a header and filtering by name; the page says everything without them.
for (const table of document.querySelectorAll("table.data")) {
  const headers = [...table.querySelectorAll("thead th")];
  headers.forEach((header, column) => header.addEventListener("click", () => {
    const isNumber = header.classList.contains("n");
    const ascending = header.getAttribute("aria-sort") ? header.getAttribute("aria-sort") !== "ascending" : !isNumber;
    for (const other of headers) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const body = table.tBodies[0];
    const value = row => row.cells[column].dataset.v;
    const order = (a, b) => isNumber ? a - b : a < b ? -1 : a > b ? 1 : 0;
    const rows = [...body.rows].sort((a, b) => {
      if (value(a) === "" || value(b) === "") return (value(a) === "") - (value(b) === "");
      return ascending ? order(value(a), value(b)) : order(value(b), value(a));
    });
    body.append(...rows);
  }));
}
const filter = document.getElementById("filter");
if (filter) {
  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase();
    for (const row of document.getElementById("all-table").tBodies[0].rows) {
      row.hidden = !row.cells[0].dataset.v.toLowerCase().includes(wanted);
    }
  });
}
