// The service, by the addresses it is reached at. Every path is relative: the page works behind a prefix.

const KEPT = 160; // clips whose joints stay in memory

/** What the service refused, in its own sentence. */
export class ServiceError extends Error {
  constructor(status, sentence, wait = 1) {
    super(sentence);
    this.status = status;
    /** Seconds to wait before it is asked again (429). */
    this.wait = wait;
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError(0, "The server does not answer. Is `moclip serve` still running?");
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function refusal(answer) {
  const said = await answer.json().catch(() => ({}));
  const sentence = typeof said.detail === "string" ? said.detail : `The server answered ${answer.status}.`;
  return new ServiceError(answer.status, sentence, Number(answer.headers.get("Retry-After")) || 1);
}

async function get(path, options) {
  return (await ask(path, options)).json();
}

async function post(path, body, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(body), ...options })).json();
}

function query(values) {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return new URLSearchParams(kept).toString();
}

export const health = () => get("api/health");
export const library = () => get("api/library");
export const skeleton = () => get("api/skeleton");
export const attacks = () => get("api/attacks");
export const map = (limit = 2000) => get(`api/map?${query({ limit })}`);
export const about = (id) => get(`api/clips/${id}/about`);
export const browse = (page) => get(`api/clips?${query(page)}`);
export const search = (request, options) => post("api/search", request, options);
export const attack = (request, options) => post("api/attack", request, options);
export const generate = (request) => post("api/generate", request);
export const edit = (request) => post("api/edit", request);
export const interpolate = (request) => post("api/interpolate", request);
export const exported = (id, suffix) => `api/export/${id}.${suffix}`;

export async function upload(file) {
  const body = new FormData();
  body.append("file", file);
  return (await ask("api/uploads", { method: "POST", body })).json();
}

const joints = new Map();

/** Joints of a clip: { frames, joints, fps, seconds, data } with x of joint j in frame f at data[(f * joints + j) * 3]. */
export function motion(id) {
  const known = joints.get(id);
  joints.delete(id);
  const found = known ?? patiently(() => ask(`api/clips/${id}`)).then((answer) => answer.arrayBuffer()).then(decode);
  joints.set(id, found); // the latest used stand last
  found.catch(() => joints.delete(id));
  if (joints.size > KEPT) joints.delete(joints.keys().next().value);
  return found;
}

export function decode(buffer) {
  const view = new DataView(buffer);
  const magic = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== "MOJ1") throw new ServiceError(0, "The server sent joints in a layout this page does not know.");
  const [frames, count, fps] = [view.getUint32(4, true), view.getUint32(8, true), view.getFloat32(12, true)];
  return { frames, joints: count, fps, seconds: frames / fps, data: new Float32Array(buffer, 16) };
}

/** A busy server is asked again by itself: many small figures ask at once. */
async function patiently(work, tries = 6) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error.status !== 429 || attempt === tries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * error.wait * (0.5 + Math.random())));
    }
  }
}
