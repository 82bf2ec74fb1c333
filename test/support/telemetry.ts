import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context, ContextManager } from '@opentelemetry/api';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { DataPointType, MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

/** A series: its attributes as `name=value`, in alphabetical order and without those of the server, and what it stands at. */
type Series = Readonly<Record<string, number | { readonly count: number; readonly sum: number }>>;

/** The real SDK, read in this process. */
export interface Telemetry {
  readonly meterProvider: MeterProvider;
  readonly tracerProvider: BasicTracerProvider;
  /** All metrics that there are now, by name. */
  collect(): Promise<Readonly<Record<string, Series>>>;
  /** The spans that have ended, of this name; without one all. */
  spans(name?: string): readonly ReadableSpan[];
}

export function telemetry(): Telemetry {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const spans = new InMemorySpanExporter();
  return {
    meterProvider: new MeterProvider({ readers: [exporter] }),
    tracerProvider: new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }),
    collect: async () => {
      const { resourceMetrics, errors } = await exporter.collect();
      if (errors.length > 0) throw new AggregateError(errors);
      const [scope] = resourceMetrics.scopeMetrics;
      return Object.fromEntries(
        (scope?.metrics ?? []).map((metric) => {
          const histogram = metric.dataPointType === DataPointType.HISTOGRAM;
          const series = histogram
            ? metric.dataPoints.map(({ attributes, value: { count, sum = 0 } }) => [key(attributes), { count, sum }])
            : metric.dataPoints.map(({ attributes, value }) => [key(attributes), value]);
          return [metric.descriptor.name, Object.fromEntries(series) as Series];
        }),
      );
    },
    spans: (name) => spans.getFinishedSpans().filter((span) => name === undefined || span.name === name),
  };
}

/** Attributes as one word. */
function key(attributes: Readonly<Record<string, unknown>>): string {
  return Object.entries(attributes)
    .filter(([name]) => !name.startsWith('server.'))
    .map(([name, value]) => `${name}=${String(value)}`)
    .sort()
    .join(' ');
}

/** Keeps the active context through timers, promises and microtasks, as the SDK for Node does. */
export class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => fn.apply(thisArg, args));
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
