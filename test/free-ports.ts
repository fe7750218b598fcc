export { freePorts } from '../bench/servers/free-ports.ts'
