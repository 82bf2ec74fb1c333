import { Observable } from 'rxjs';

/** A synchronous source without an end of its own, which counts what it makes and gives up when nobody stops it. */
export function endless(): { readonly source: Observable<number>; readonly made: () => number } {
  let made = 0;
  const source = new Observable<number>((subscriber) => {
    while (!subscriber.closed && made < 1_000) subscriber.next(made++);
  });
  return { source, made: () => made };
}
