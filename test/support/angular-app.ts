import '@angular/compiler'; // What Angular publishes is finished by it, where no Angular CLI does.
import {
  ApplicationRef,
  createEnvironmentInjector,
  type EnvironmentInjector,
  type EnvironmentProviders,
  ErrorHandler,
  Injector,
  PLATFORM_ID,
  provideZonelessChangeDetection,
  ɵINJECTOR_SCOPE as INJECTOR_SCOPE,
} from '@angular/core';

/** As much of an Angular application as there is without a component: its injector, zoneless, on the platform named. */
export interface AngularApp extends Disposable {
  readonly injector: EnvironmentInjector;
  /** Runs the effects that are due. */
  tick(): void;
}

export function angularApp(platform: 'browser' | 'server', ...providers: EnvironmentProviders[]): AngularApp {
  const ofThePlatform = [
    { provide: INJECTOR_SCOPE, useValue: 'root' },
    { provide: PLATFORM_ID, useValue: platform },
    { provide: ErrorHandler, useFactory: () => new ErrorHandler() },
    provideZonelessChangeDetection(),
  ];
  // The one above it, that of a platform, has no document here.
  const injector = createEnvironmentInjector([...ofThePlatform, ...providers], Injector.NULL as EnvironmentInjector);
  const app = injector.get(ApplicationRef);
  return { injector, tick: () => app.tick(), [Symbol.dispose]: () => injector.destroy() };
}
