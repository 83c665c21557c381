/** Dark or light: as the system wants it, until the user chooses. */

/** Goes over to the other theme, and remembers it where the browser lets us. */
export function switchTheme(svg) {
  const isDark = svg.classList.contains("dark") ||
    !svg.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches;
  applyTheme(svg, isDark ? "light" : "dark");
  try {
    localStorage.setItem("pyspy-theme", isDark ? "light" : "dark");
  } catch {
    // Then it lasts as long as the page.
  }
}

export function restoreTheme(svg) {
  try {
    const theme = localStorage.getItem("pyspy-theme");
    if (theme === "light" || theme === "dark") applyTheme(svg, theme);
  } catch {
    // Then the system's.
  }
}

export function applyTheme(svg, theme) {
  svg.classList.toggle("dark", theme === "dark");
  svg.classList.toggle("light", theme === "light");
}
