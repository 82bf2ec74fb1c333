import { defer, tap } from 'rxjs';
import type { Exchange } from '../pool/exchange.ts';
import { pipelineStages, type PipelineStages } from '../pool/pipeline.ts';
import { Operation, type OperationContext } from './operation.ts';

/** The stages of a pool, watched: the guard is the way in and out, and whoever comes to `send` has got its turn. */
export function instrumentedStages(
  own: Partial<PipelineStages> | undefined,
  context: OperationContext,
): Partial<PipelineStages> {
  const { guard, send } = { ...pipelineStages, ...own };
  const operations = new WeakMap<Exchange, Operation>();
  return {
    ...own,
    guard: (exchange) => {
      const guarded = guard(exchange);
      return (source) =>
        defer(() => {
          const operation = new Operation(exchange, context);
          operations.set(exchange, operation);
          return guarded(source).pipe(
            tap({
              next: (progress) => operation.heard(progress),
              error: (error) => operation.failed(error),
              finalize: () => operation.left(),
            }),
          );
        });
    },
    send: (exchange) => {
      const sending = send(exchange);
      return (source) => sending(source).pipe(tap({ subscribe: () => operations.get(exchange)?.sent() }));
    },
  };
}
