import { VirtualTimeScheduler } from 'rxjs';

/** Virtual time that is moved by hand, with what is due run on the way. */
export class TimeByHand extends VirtualTimeScheduler {
  moveTo(time: number): void {
    this.maxFrames = time;
    this.flush();
    this.frame = time;
  }

  get pending(): number {
    return this.actions.filter(({ closed }) => !closed).length;
  }
}
