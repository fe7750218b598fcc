import type { Cancel, ClientWorld } from './client-world.ts'
import type { SocketConstructor } from './socket-connection.ts'

/** The real world, made of globals that browsers and Node share. The only file of the clients that touches them. */
export function globalWorld(): ClientWorld {
  return {
    now: () => performance.now(),
    random: () => Math.random(),
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    onNetwork: listenToNetwork,
  }
}

/** The platform's own WebSocket. Node has none before version 22; there the caller passes one in. */
export function globalSocketConstructor(): SocketConstructor | undefined {
  return typeof WebSocket === 'undefined' ? undefined : WebSocket
}

function listenToNetwork(listener: (online: boolean) => void): Cancel {
  if (typeof window === 'undefined') return () => undefined
  const online = () => listener(true)
  const offline = () => listener(false)
  window.addEventListener('online', online)
  window.addEventListener('offline', offline)
  return () => {
    window.removeEventListener('online', online)
    window.removeEventListener('offline', offline)
  }
}
