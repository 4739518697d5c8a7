for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const compare = (a, b) => {
        const x = value(a), y = value(b);
        if (x === "" || y === "") return (x === "") - (y === "");
        const order = isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y;
        return up ? order : -order;
      };
      const body = table.tBodies[0];
      body.append(...[...body.rows].sort(compare));
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
    });
  });
}
const axis = document.getElementById("cost-axis"), scale = document.getElementById("cost-scale");
const chosen = () => {
  for (const figure of document.querySelectorAll("figure[data-axis]")) {
    const other = figure.dataset.scale && scale && !figure.dataset.scale.split(" ").includes(scale.value);
    figure.hidden = other || (axis !== null && figure.dataset.axis !== axis.value);
  }
};
axis?.addEventListener("change", chosen);
scale?.addEventListener("change", chosen);
const filter = document.getElementById("problem-filter");
filter?.addEventListener("change", () => {
  let left = 0;
  for (const row of document.querySelectorAll("tr[data-kinds]")) {
    row.hidden = filter.value !== "all" && !row.dataset.kinds.split(" ").includes(filter.value);
    left += row.hidden ? 0 : 1;
  }
  document.getElementById("problem-count").textContent = `${left} shown`;
});
