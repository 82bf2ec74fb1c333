/** Attributes by name; false and undefined leave one out. */
type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/** Makes an element. */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  element.append(...children);
  return element;
}

/** Makes an element of SVG. */
export function svg(name: string, attributes: Attributes = {}, ...children: readonly Node[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  element.append(...children);
  return element;
}

/** Sets an attribute where it differs. */
export function set(element: Element, name: string, value: string | boolean | undefined): void {
  if (value === false || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : value;
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Sets the text where it differs. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Fills a bar so far, 0 to 1: by a transform, which moves nothing else. */
export function fill(bar: HTMLElement, share: number): void {
  const transform = `scaleX(${share.toFixed(3)})`;
  if (bar.style.transform !== transform) bar.style.transform = transform;
}

/** A panel with a heading of its own. */
export function panel(name: string, title: string, ...children: readonly (Node | string)[]): HTMLElement {
  const id = `heading-${name}`;
  return el('section', { class: `panel ${name}`, 'aria-labelledby': id }, el('h2', { id }, title), ...children);
}
