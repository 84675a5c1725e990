// Speaks to the server. Knows nothing of the page.

let person = new URLSearchParams(location.search).get("person");

/** Everything asked from now on is about `name`, unless the address already names somebody. */
export function askAbout(name) {
  person ??= name;
  return person;
}

/** The server said no, or could not be reached (`status` 0). */
export class ApiError extends Error {
  constructor(message, status, answer = {}) {
    super(message);
    this.status = status;
    this.answer = answer;
  }
}

export async function ask(method, path, body, options = {}) {
  const response = await reach(address(path), {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    ...options,
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new ApiError(answer.error ?? `The server answered ${response.status}.`, response.status, answer);
}

async function reach(url, request) {
  try {
    return await fetch(url, request);
  } catch (fault) {
    if (fault.name === "AbortError") throw fault;
    throw new ApiError("ipse can't be reached. Is it still running?", 0);
  }
}

function address(path) {
  return person === null ? `/api/${path}` : `/api/${path}?person=${encodeURIComponent(person)}`;
}
