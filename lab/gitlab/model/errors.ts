/** An answer that is not a success, with GitLab's own body (gitlab-facts A6). Thrown by the model, sent by the server. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`${status}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** How long GitLab asks a client to wait after a 429. */
export const BACK_OFF: Readonly<Record<string, string>> = { 'Retry-After': '60' };

export const badRequest = (message: unknown): ApiError => new ApiError(400, { message });
/** Refused by an endpoint, with a reason. */
export const refused = (reason: string): ApiError => badRequest(`400 Bad request - ${reason}`);
export const unauthorized = (): ApiError => new ApiError(401, { message: '401 Unauthorized' });
export const forbidden = (detail = ''): ApiError =>
  new ApiError(403, { message: `403 Forbidden${detail && ` - ${detail}`}` });
export const notFound = (what: string): ApiError => new ApiError(404, { message: `404 ${what} Not Found` });
/** What an endpoint that looks up a row answers when there is none. */
export const noSuchRow = (): ApiError => new ApiError(404, { message: '404 Not found' });
export const tooManyRequests = (): ApiError =>
  new ApiError(
    429,
    { message: { error: 'This endpoint has been requested too many times. Try again later.' } },
    BACK_OFF,
  );
export const invalidParameter = (name: string): ApiError => new ApiError(400, { error: `${name} is invalid` });
/** A value outside of a parameter's list. */
export const unlistedParameter = (name: string): ApiError =>
  new ApiError(400, { error: `${name} does not have a valid value` });
export const missingParameter = (name: string): ApiError => new ApiError(400, { error: `${name} is missing` });
