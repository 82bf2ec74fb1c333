import { type Attributes, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { Exchange, Progress } from '../pool/exchange.ts';
import type { CallSpans } from './call-spans.ts';
import { errorTypeOf, shortened } from './error-type.ts';
import type { OperationInstruments } from './operation-instruments.ts';
import type { RelayAttributes } from './relay-attributes.ts';

/** What records an operation. */
export interface OperationContext {
  readonly tracer: Tracer;
  readonly calls: CallSpans;
  readonly instruments: OperationInstruments;
  readonly relays: RelayAttributes;
}

/** One exchange with one relay, from when it wants to be sent to its end, as a span and as readings. */
export class Operation {
  readonly #span: Span;
  readonly #attributes: Attributes;
  readonly #begin: number;
  #sentAt: number | undefined;
  #isOver = false;

  constructor(
    private readonly exchange: Exchange,
    private readonly context: OperationContext,
  ) {
    const { relay, verb, priority, call } = exchange;
    const { tracer, calls, relays } = context;
    this.#begin = this.#now();
    this.#attributes = { ...relays.of(relay), 'nostr.verb': verb };
    const attributes = relays.full(relay);
    this.#span = tracer.startSpan(
      `${verb} ${String(attributes['server.address'])}`,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          ...attributes,
          'nostr.verb': verb,
          'nostr.priority': priority,
          'network.protocol.name': 'websocket',
        },
      },
      calls.contextOf(call),
    );
  }

  /** Its turn has come. */
  sent(): void {
    const now = this.#now();
    this.#sentAt = now;
    this.#span.addEvent('sent');
    const attributes = { ...this.#attributes, 'nostr.priority': this.exchange.priority };
    this.context.instruments.timeInQueue.record(seconds(now - this.#begin), attributes);
  }

  heard(progress: Progress): void {
    switch (progress.type) {
      case 'first-event':
        this.#span.addEvent('first event');
        return this.context.instruments.timeToFirstEvent.record(this.#took(), this.#attributes);
      case 'answered':
        return this.#end();
      case 'refused':
        return this.#end(progress.reason.prefix, progress.reason.raw);
      case 'failed':
        return this.#end(progress.error.code, progress.error.message);
    }
  }

  /** A stage did not let it through, or gave up on it. */
  failed(error: unknown): void {
    this.#end(errorTypeOf(error), error instanceof Error ? error.message : String(error));
  }

  /** Nobody waits for it any more; where it had not ended, its caller took it back. */
  left(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#span.setAttribute('nostr.cancelled', true).end();
  }

  #end(errorType?: string, message = ''): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { duration, unsent } = this.context.instruments;
    const failure: Attributes = errorType === undefined ? {} : { 'error.type': errorType };
    const attributes = { ...this.#attributes, ...failure };
    if (this.#sentAt === undefined) unsent.add(1, attributes);
    else duration.record(this.#took(), attributes);
    if (errorType !== undefined) {
      this.#span.setAttributes(failure).setStatus({ code: SpanStatusCode.ERROR, message: shortened(message) });
    }
    this.#span.end();
  }

  /** Seconds since it was sent. */
  #took(): number {
    return seconds(this.#now() - (this.#sentAt ?? this.#begin));
  }

  #now(): number {
    return this.exchange.health.scheduler.now();
  }
}

/** A clock may be set back. */
function seconds(milliseconds: number): number {
  return Math.max(0, milliseconds) / 1_000;
}
