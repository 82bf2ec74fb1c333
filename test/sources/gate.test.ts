import { describe, expect, it } from 'vitest';
import { Gate } from '../../src/sources/gate.ts';

describe('Gate', () => {
  it('is open at first, and lets nobody wait in vain', () => {
    const gate = new Gate();
    const said: string[] = [];
    expect(gate.isOpen).toBe(true);
    gate.isOpen = false;
    gate.wait(() => said.push('a'));
    gate.wait(() => said.push('b'));
    expect(said).toEqual([]);
    gate.isOpen = true;
    expect(said.splice(0)).toEqual(['a', 'b']);
    gate.isOpen = true;
    expect(said).toEqual([]);
  });

  it('lets go on only as many as go on before it is closed again', () => {
    const gate = new Gate();
    const said: string[] = [];
    gate.isOpen = false;
    gate.wait(() => {
      said.push('a');
      gate.isOpen = false;
    });
    gate.wait(() => said.push('b'));
    gate.isOpen = true;
    expect(said).toEqual(['a']);
    gate.isOpen = true;
    expect(said).toEqual(['a', 'b']);
  });

  it('forgets who left', () => {
    const gate = new Gate();
    const said: string[] = [];
    const goOn = (): number => said.push('a');
    gate.isOpen = false;
    gate.wait(goOn);
    gate.wait(goOn);
    gate.leave(goOn);
    gate.isOpen = true;
    expect(said).toEqual([]);
  });
});
