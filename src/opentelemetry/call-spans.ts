import {
  type Attributes,
  type Context,
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { ExplainedRelay, ExplainedStep, Explanation } from '../pool/explanation.ts';
import type { CallObserver, PoolCall } from '../pool/pool-call.ts';
import { shortened } from './error-type.ts';
import { OTHER } from './relay-attributes.ts';

const NAMES: Readonly<Record<PoolCall['verb'], string>> = {
  REQ: 'nostr.request',
  EVENT: 'nostr.publish',
  COUNT: 'nostr.count',
  'NEG-OPEN': 'nostr.sync',
};
/** Steps that say how it stands with a relay; the others come in between. */
const STANDS: ReadonlySet<ExplainedStep['what']> = new Set(['chosen', 'sent', 'answered', 'refused', 'late', 'lost']);
const TROUBLE: ReadonlySet<ExplainedStep['what']> = new Set(['refused', 'late', 'lost']);

/** A span for each call of a pool: the parent of the spans of its exchanges. */
export class CallSpans {
  readonly #contexts = new WeakMap<PoolCall, Context>();

  constructor(private readonly tracer: Tracer) {}

  /** What the spans of a call's exchanges belong to. */
  contextOf(call: PoolCall): Context {
    return this.#contexts.get(call) ?? context.active();
  }

  readonly observe: CallObserver = (call) => {
    const parent = context.active();
    const span = this.tracer.startSpan(
      NAMES[call.verb],
      { kind: SpanKind.INTERNAL, attributes: attributesOfCall(call) },
      parent,
    );
    this.#contexts.set(call, trace.setSpan(parent, span));
    return (explanation) => {
      const { attributes, trouble } = outcomeOf(explanation);
      span.setAttributes(attributes);
      if (trouble) span.setStatus({ code: SpanStatusCode.ERROR, message: shortened(trouble.why) });
      span.end();
    };
  };
}

function attributesOfCall({ verb, ids, filters, event, priority }: PoolCall): Attributes {
  const [id] = ids;
  const kinds = event ? [event.kind] : [...new Set(filters.flatMap((filter) => filter.kinds ?? []))];
  return {
    'nostr.verb': verb,
    'nostr.priority': priority,
    ...(kinds.length > 0 ? { 'nostr.event.kinds': kinds } : {}),
    ...(event ? { 'nostr.event.id': event.id } : {}),
    ...(id === undefined ? {} : { 'nostr.call.id': id }),
  };
}

/** A call has failed where there is trouble with every relay that it went to. */
function outcomeOf({ relays }: Explanation): {
  readonly attributes: Attributes;
  readonly trouble: ExplainedStep | undefined;
} {
  const last = relays.map(({ steps }: ExplainedRelay) => steps.findLast(({ what }) => STANDS.has(what)));
  const chosen = last.filter((step) => step !== undefined);
  const [first, ...more] = chosen;
  const trouble = chosen.every(({ what }) => TROUBLE.has(what)) ? first : undefined;
  const type = more.every(({ what }) => what === trouble?.what) ? trouble?.what : OTHER;
  return {
    attributes: {
      'nostr.relays.chosen': chosen.length,
      'nostr.relays.answered': chosen.filter(({ what }) => what === 'answered').length,
      ...(trouble && type ? { 'error.type': type } : {}),
    },
    trouble,
  };
}
