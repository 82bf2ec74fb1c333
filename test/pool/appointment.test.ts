import { NEVER, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Appointment } from '../../src/pool/appointment.ts';
import { VirtualTime } from '../../src/testing/index.ts';

describe('Appointment', () => {
  function anAppointment() {
    const time = new VirtualTime();
    const begin = time.now();
    const kept: string[] = [];
    const keep = (name: string) => () => void kept.push(`${name} ${time.now() - begin}`);
    return { time, kept, keep, appointment: new Appointment(time) };
  }

  it('is kept once: by its time, or sooner', async () => {
    const { time, kept, keep, appointment } = anAppointment();
    const sooner$ = new Subject<void>();
    appointment.after(10, keep('a'), sooner$);
    await time.advance(20);
    sooner$.next();
    appointment.after(10, keep('b'), sooner$);
    sooner$.next();
    sooner$.next();
    await time.advance(20);
    appointment.after(10, keep('c'), of('at once', 'and again'));
    await time.advance(20);
    expect(kept).toEqual(['a 10', 'b 20', 'c 40']);
    expect(sooner$.observed).toBe(false);
    expect(time.actions).toHaveLength(0);
  });

  it('is kept once where keeping it brings the sooner about', async () => {
    const { time, kept, keep, appointment } = anAppointment();
    const sooner$ = new Subject<void>();
    appointment.after(
      10,
      () => {
        keep('a')();
        sooner$.next();
      },
      sooner$,
    );
    await time.advance(20);
    expect(kept).toEqual(['a 10']);
  });

  it('gives way to the next one, and can be cancelled', async () => {
    const { time, kept, keep, appointment } = anAppointment();
    appointment.after(10, keep('a'), NEVER);
    appointment.after(15, keep('b'));
    await time.advance(20);
    appointment.after(10, keep('c'));
    appointment.cancel();
    await time.advance(20);
    expect(kept).toEqual(['b 15']);
    expect(time.actions).toHaveLength(0);
  });

  it('may be made anew while it is kept, and one in the past is due at once', async () => {
    const { time, kept, keep, appointment } = anAppointment();
    appointment.after(-5, () => {
      keep('a')();
      appointment.after(10, keep('b'));
    });
    await time.advance(20);
    expect(kept).toEqual(['a 0', 'b 10']);
  });
});
