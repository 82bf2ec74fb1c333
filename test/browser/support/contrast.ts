import type { Page } from 'playwright-core';

/** What {@link lowContrasts} found. */
export interface Contrasts {
  /** Texts with less contrast than asked for, each with what it has. */
  readonly low: readonly string[];
  /** How many there are. */
  readonly looked: number;
  /** What is behind all of them: red, green, blue. */
  readonly background: readonly number[];
}

/**
 * Looks at all visible texts of the dashboard, or at the elements of a selector: the contrast of the computed colour to the backgrounds behind it
 * (WCAG 2.2, relative luminance).
 */
export function lowContrasts(page: Page, least: number, selector?: string): Promise<Contrasts> {
  return page.evaluate(
    ([least, selector]) => {
      type Colour = readonly [red: number, green: number, blue: number, alpha: number];
      const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
      if (!canvas) throw new Error('There is no canvas.');
      /** Also for colours that are not written as rgb(). */
      const read = (text: string): Colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = text;
        canvas.fillRect(0, 0, 1, 1);
        const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
        return [red, green, blue, alpha / 255];
      };
      const over = (top: Colour, bottom: Colour): Colour => {
        const mix = (at: 0 | 1 | 2): number => top[at] * top[3] + bottom[at] * (1 - top[3]);
        return [mix(0), mix(1), mix(2), 1];
      };
      const host = watched.element;
      const parentOf = (element: Element): Element | null =>
        element.parentElement ?? (element.getRootNode() instanceof ShadowRoot ? host : null);
      const behind = (element: Element | null): Colour => {
        if (!element) return [255, 255, 255, 1];
        const own = read(getComputedStyle(element).backgroundColor);
        return own[3] === 1 ? own : over(own, behind(parentOf(element)));
      };
      const luminance = (colour: Colour): number => {
        const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((value) => {
          const share = value / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const contrast = (a: Colour, b: Colour): number => {
        const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
        return (light + 0.05) / (dark + 0.05);
      };
      const all = [...(host.shadowRoot?.querySelectorAll(selector ?? '*') ?? [])];
      const elements = all.filter((element) => {
        const hasText = [...element.childNodes].some((node) => node instanceof Text && node.data.trim() !== '');
        return (selector !== undefined || hasText) && element.checkVisibility({ visibilityProperty: true });
      });
      const low = elements.flatMap((element) => {
        const style = getComputedStyle(element);
        const back = behind(element);
        const painted = element.matches('.shape') ? style.fill : style.color;
        const has = contrast(over(read(painted), back), back);
        return has < least ? [`${has.toFixed(2)}: ${element.textContent} (${element.getAttribute('class')})`] : [];
      });
      return { low, looked: elements.length, background: behind(host).slice(0, 3) };
    },
    [least, selector] as const,
  );
}
