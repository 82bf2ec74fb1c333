import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { InstrumentedRelayPool } from '../../src/opentelemetry/index.ts';
import { TestRelay } from '../../src/testing/index.ts';
import { NEVER_AGAIN, note, NOTES, until } from '../support/real-world.ts';

const host = '127.0.0.1';

/** The exporter takes no port 0. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** What Prometheus would read, a line a series: its name and its labels, and its value. */
function scrape(port: number): Promise<ReadonlyMap<string, number>> {
  return new Promise((resolve, reject) => {
    get({ host, port, path: '/metrics', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
        resolve(new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)?.[0])])));
      });
    }).on('error', reject);
  });
}

describe('an instrumented pool with real relays', () => {
  it('is scraped by HTTP: what happened, and nothing else', async () => {
    const [good, bad, down] = await Promise.all([
      TestRelay.start(),
      TestRelay.start({ faults: { rejectedWith: 'blocked: not here' } }),
      TestRelay.start({ faults: { refuse: true } }),
    ]);
    const port = await freePort();
    const exporter = new PrometheusExporter({ host, port, preventServerStart: true });
    await exporter.startServer();
    const meterProvider = new MeterProvider({ readers: [exporter] });
    const ended = new InMemorySpanExporter();
    const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(ended)] });
    const relays = [good, bad, down];
    const pool = new InstrumentedRelayPool(
      { relays: relays.map(({ url }) => url), backoff: NEVER_AGAIN },
      { meterProvider, tracerProvider, name: 'feed' },
    );
    const labels = ({ url, port: server }: TestRelay) =>
      `nostr_pool_name="feed",nostr_relay_url="${url}",server_address="${host}",server_port="${server}"`;
    try {
      for (const relay of [good, bad]) relay.seed(note('stored'));
      for (let times = 0; times < 3; times++) await lastValueFrom(pool.request(NOTES).pipe(toArray()));
      const report = await lastValueFrom(pool.publish(note('mine'), { deadline: 2_000 }));
      expect(report).toMatchObject({ accepted: 1, pending: 0 });

      const series = await scrape(port);
      const duration = 'nostr_client_operation_duration';
      expect(series.get(`${duration}_count{${labels(good)},nostr_verb="REQ"}`)).toBe(3);
      expect(series.get(`${duration}_bucket{${labels(good)},nostr_verb="REQ",le="+Inf"}`)).toBe(3);
      expect(series.get(`${duration}_sum{${labels(good)},nostr_verb="REQ"}`)).toBeLessThan(60);
      expect(series.get(`${duration}_count{${labels(good)},nostr_verb="EVENT"}`)).toBe(1);
      expect(series.get(`${duration}_count{${labels(bad)},nostr_verb="EVENT",error_type="blocked"}`)).toBe(1);
      expect([...series.keys()].filter((key) => key.startsWith(duration) && key.includes(down.url))).toEqual([]);
      const received = (relay: TestRelay, outcome: string) =>
        series.get(`nostr_client_received_events_total{${labels(relay)},nostr_event_outcome="${outcome}"}`);
      expect([received(good, 'delivered'), received(good, 'invalid')]).toEqual([3, 0]);
      expect(series.get(`nostr_client_connection_count{${labels(good)}}`)).toBe(1);
      expect(series.get(`nostr_client_connection_count{${labels(down)}}`)).toBe(0);
      expect(series.get(`nostr_client_connection_opened_total{${labels(good)}}`)).toBe(1);

      const spans = ended.getFinishedSpans();
      expect(spans.filter(({ name }) => name === 'nostr.request')).toHaveLength(3);
      const [publish] = spans.filter(({ name }) => name === 'nostr.publish');
      expect(publish?.attributes).toMatchObject({ 'nostr.relays.chosen': 3, 'nostr.relays.answered': 1 });

      // A relay that goes away while it is asked.
      good.faults.noEose = true;
      const asked = pool.request(NOTES, { silenceTimeout: 60_000 }).subscribe();
      await until(() => expect(good.subscriptionCount).toBe(1));
      good.drop();
      const lost = `${duration}_count{${labels(good)},nostr_verb="REQ",error_type="connection-lost"}`;
      await until(async () => expect((await scrape(port)).get(lost)).toBe(1));
      asked.unsubscribe();
      pool.close();
      expect((await scrape(port)).get(`nostr_client_connection_count{${labels(bad)}}`)).toBe(0);
    } finally {
      pool.close();
      await meterProvider.shutdown();
      await Promise.all(relays.map((relay) => relay.stop()));
    }
  });
});
