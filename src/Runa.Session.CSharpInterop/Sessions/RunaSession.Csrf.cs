namespace Runa;

public sealed partial class RunaSession
{
    /// <summary>
    /// A token for the forms of this page, which shows that a form came from this session: 86 characters that need no
    /// encoding. The session holds its secret, so the first call for a session changes it, and a page with a form stores
    /// a session for each new visitor. A sign-in makes earlier tokens invalid. Each call returns another text.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has
    /// started and the change needs a cookie.
    /// </exception>
    public string GetCsrfToken()
    {
        var before = Current;
        var (token, session) = CsrfToken.issue(before);

        if (!ReferenceEquals(session, before))
        {
            Leave(session);
        }

        return token;
    }

    /// <summary>Whether the token was issued for this session since its sign-in.</summary>
    /// <param name="token">What the request brought. Null, and texts that are no tokens, are not valid.</param>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public bool IsCsrfTokenValid(string? token) => CsrfToken.isValid(token, Current);
}
