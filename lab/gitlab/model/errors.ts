/** An answer that is not a success, with GitLab's own body (gitlab-facts A6). Thrown by the model, sent by the server. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(`${status}`);
    this.status = status;
    this.body = body;
  }
}

export const badRequest = (message: unknown): ApiError => new ApiError(400, { message });
export const forbidden = (detail: string): ApiError =>
  new ApiError(403, { message: `403 Forbidden${detail && ` - ${detail}`}` });
export const notFound = (what: string): ApiError => new ApiError(404, { message: `404 ${what} Not Found` });
export const invalidParameter = (name: string): ApiError => new ApiError(400, { error: `${name} is invalid` });
/** A value outside of a parameter's list. */
export const unlistedParameter = (name: string): ApiError =>
  new ApiError(400, { error: `${name} does not have a valid value` });
export const missingParameter = (name: string): ApiError => new ApiError(400, { error: `${name} is missing` });
