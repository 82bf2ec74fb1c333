import { createContext, createElement, type ReactNode, useContext, useEffect, useRef, useState } from 'react';
import { RelayPool, type RelayPoolOptions } from '../pool/relay-pool.ts';

const PoolContext = createContext<RelayPool | undefined>(undefined);

/**
 * What {@link RelayPoolProvider} takes: the options of a pool, or a pool.
 *
 * @example
 * ```ts
 * import type { RelayPoolProviderProps } from 'rx-relay-pool/react';
 *
 * const props: RelayPoolProviderProps = { options: { relays: ['wss://relay.example'] } };
 * ```
 */
export type RelayPoolProviderProps = { readonly children?: ReactNode } & (
  | {
      /** Of the pool that it makes, and closes when it unmounts. Read when it mounts: give it a `key` to have a pool with others. */
      readonly options: RelayPoolOptions;
      readonly pool?: undefined;
    }
  | {
      /** A pool of yours, which it does not close. */
      readonly pool: RelayPool;
      readonly options?: undefined;
    }
);

/**
 * Gives a pool to the components below it.
 *
 * @throws RelayUrlError when the URL of a relay in `options` is not one.
 * @throws RangeError when a number in `options` is out of its range.
 *
 * @example
 * ```ts
 * import { createElement, type ReactNode } from 'react';
 * import { RelayPoolProvider } from 'rx-relay-pool/react';
 *
 * const options = { relays: ['wss://a.example', 'wss://b.example'] };
 * const App = ({ children }: { children: ReactNode }) => createElement(RelayPoolProvider, { options }, children);
 * ```
 */
export function RelayPoolProvider({ pool, options, children }: RelayPoolProviderProps): ReactNode {
  return pool
    ? createElement(PoolContext.Provider, { value: pool }, children)
    : createElement(OwnPool, { options }, children);
}

function OwnPool({ options, children }: { readonly options: RelayPoolOptions; readonly children?: ReactNode }) {
  const [pool, setPool] = useState(() => new RelayPool(options));
  const state = useRef({ isMounted: false, isClosed: false }).current;
  useEffect(() => {
    state.isMounted = true;
    // What was hidden for a time is mounted again with the state that it had.
    if (state.isClosed) setPool(new RelayPool(options));
    state.isClosed = false;
    return () => {
      state.isMounted = false;
      // Not at once: StrictMode mounts again in the same turn. And so the requests of the components end first.
      queueMicrotask(() => {
        if (state.isMounted) return;
        state.isClosed = true;
        pool.close();
      });
    };
    // The options are those that it was mounted with.
  }, [pool]);
  return createElement(PoolContext.Provider, { value: pool }, children);
}

/**
 * The pool of the nearest {@link RelayPoolProvider}, for what the other hooks do not do.
 *
 * @throws Error when there is no provider above the component.
 *
 * @example
 * ```ts
 * import { useRelayPool } from 'rx-relay-pool/react';
 *
 * const useRevive = () => {
 *   const pool = useRelayPool();
 *   return () => pool.revive();
 * };
 * ```
 */
export function useRelayPool(): RelayPool {
  const pool = useContext(PoolContext);
  if (!pool) throw new Error('There is no relay pool here: put a RelayPoolProvider around this component.');
  return pool;
}
