/** A straight line through points by least squares. */
export interface LinearFit {
  readonly intercept: number;
  readonly slope: number;
  /** Of the slope, where the residuals are independent of each other. */
  readonly standardError: number;
}

export type Point = readonly [x: number, y: number];

/** @throws RangeError with fewer than three points, or with all at one place: no error can be told from those. */
export function linearFit(points: readonly Point[]): LinearFit {
  const n = points.length;
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n;
  const sxx = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (n < 3 || !(sxx > 0))
    throw new RangeError(`A fit takes three points at different places at least; got ${n} points.`);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / sxx;
  const intercept = meanY - slope * meanX;
  const residuals = points.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0);
  return { intercept, slope, standardError: Math.sqrt(residuals / (n - 2) / sxx) };
}

/** How much may grow. */
export interface GrowthBounds {
  /** The slope, in units of y for each unit of x. */
  readonly slope: number;
  /** Over all of the points, in units of y. */
  readonly total: number;
}

export interface Growth extends LinearFit {
  /** By the line, from the first point to the last. */
  readonly total: number;
  /** Whether it grows beyond both bounds. */
  readonly isTooMuch: boolean;
}

/** The one-sided 95 % of a normal distribution; Student's t comes close from thirty points on. */
const CONFIDENCE = 1.645;

/**
 * Whether something grows: the slope is above its bound with 95 % confidence, and the line has risen by more than the total. Samples that follow
 * each other closely are alike, which makes the error too small: the bounds are there for that.
 */
export function growth(points: readonly Point[], bounds: GrowthBounds): Growth {
  const fit = linearFit(points);
  const places = points.map(([x]) => x);
  const total = fit.slope * (Math.max(...places) - Math.min(...places));
  const isTooMuch = fit.slope - CONFIDENCE * fit.standardError > bounds.slope && total > bounds.total;
  return { ...fit, total, isTooMuch };
}
