import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../servers/free-ports.ts'
import { ServerProcess } from '../servers/server-process.ts'
import { TempFolder } from '../servers/temp-folder.ts'

/** An nginx that hands everything on to a node, and speaks HTTP/1.0 with those who know nothing newer. */
export interface NginxProxy {
  readonly port: number
  stop(): Promise<void>
}

export async function startNginxProxy(nodePort: number): Promise<NginxProxy> {
  const folder = new TempFolder('proxy')
  try {
    const [port = 0] = await freePorts(1)
    const file = join(folder.path, 'nginx.conf')
    writeFileSync(file, configuration(folder.path, port, nodePort))
    const install = 'install it, on Debian with: apt-get install nginx'
    const { process } = await ServerProcess.start(
      { name: 'nginx', path: 'nginx', args: ['-p', folder.path, '-c', file], install },
      (line) => (line.includes('start worker process ') ? true : undefined),
    )
    return {
      port,
      stop: async () => {
        await process.stop()
        await folder.remove()
      },
    }
  } catch (error) {
    await folder.remove()
    throw error
  }
}

function configuration(folder: string, port: number, nodePort: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`)
  return `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr notice;
worker_processes 1;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
${temporary.join('\n')}
  upstream node { server 127.0.0.1:${nodePort}; keepalive 1024; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://node;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`
}
