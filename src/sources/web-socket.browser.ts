/** The WebSocket that relays are dialled with in browsers, and wherever else one is global. */
export class PlatformWebSocket {
  constructor(url: string) {
    return new WebSocket(url);
  }
}
