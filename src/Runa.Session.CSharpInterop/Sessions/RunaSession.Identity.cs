using System.Security.Claims;
using Microsoft.FSharp.Core;

namespace Runa;

public sealed partial class RunaSession
{
    /// <summary>The user who signed in. Null: nobody did.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public string? Owner => SessionModule.owner(Current)?.Value;

    /// <summary>When the owner signed in.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public DateTimeOffset? SignedInAt => SessionModule.signedInAt(Current)?.Value;

    /// <summary>
    /// What is known about the owner: the types and values of claims. They are not among the values, and only a sign-in
    /// replaces them.
    /// </summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public IReadOnlyList<Claim> Claims =>
        [.. from claim in SessionModule.claims(Current) from value in claim.Value select new Claim(claim.Key, value)];

    /// <summary>What a list of devices shows for this session, such as "Firefox on Linux".</summary>
    /// <exception cref="ArgumentException">The new label is not valid Unicode.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, or the session belongs to an attempt that has ended.
    /// </exception>
    /// <exception cref="SessionConflictException">The session has ended, and the response has started.</exception>
    public string? Label
    {
        get => SessionModule.label(Current)?.Value;
        set => Leave(SessionModule.withLabel(value ?? string.Empty, Current));
    }

    /// <summary>The client's address that <see cref="SetClient"/> has set.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public string? Address => SessionModule.client(Current)?.Value.Address?.Value;

    /// <summary>The client's agent that <see cref="SetClient"/> has set.</summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public string? Agent => SessionModule.client(Current)?.Value.Agent?.Value;

    /// <summary>
    /// Sets the client's address and agent, which lists of devices show. They are personal data: nothing sets them but this
    /// method, and they are deleted with the session. If neither is given, what was set is removed.
    /// </summary>
    /// <param name="address">
    /// Usually <c>HttpContext.Connection.RemoteIpAddress?.ToString()</c>. At most 64 characters. Null or empty: unknown.
    /// </param>
    /// <param name="agent">
    /// Usually the header User-Agent. What is longer than 512 characters is cut. Null or empty: unknown.
    /// </param>
    /// <exception cref="ArgumentException">The address is too long, or a text is not valid Unicode.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, or the session belongs to an attempt that has ended.
    /// </exception>
    /// <exception cref="SessionConflictException">The session has ended, and the response has started.</exception>
    public void SetClient(string? address, string? agent) =>
        Leave(SessionModule.withClient(Known(address), Known(agent), Current));

    private static FSharpOption<string>? Known(string? text) => text is null ? null : FSharpOption<string>.Some(text);

    /// <summary>
    /// Signs the owner in: the session gets a new id, and its creation and absolute end start again. If it belonged to
    /// another owner, it is emptied first.
    /// </summary>
    /// <param name="owner">The user's id, which never changes. Not a name, which may.</param>
    /// <param name="claims">
    /// What to keep about the owner: the type and value of each claim, once, and nothing else of it.
    /// </param>
    /// <exception cref="ArgumentNullException">The owner or a claim is null.</exception>
    /// <exception cref="ArgumentException">
    /// The owner is empty or white space, or it or a claim is not valid Unicode.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has started.
    /// </exception>
    /// <exception cref="SessionConflictException">The session has ended, and the response has started.</exception>
    public void SignIn(string owner, IEnumerable<Claim>? claims = null)
    {
        ArgumentNullException.ThrowIfNull(owner);
        Claim[] given = [.. claims ?? []];

        if (given.Contains(null))
        {
            throw new ArgumentNullException(nameof(claims), "A claim is null.");
        }

        var kept = SessionPrincipal.claims(owner, new ClaimsPrincipal(new ClaimsIdentity(given)));
        Leave(SessionModule.signInWith(owner, kept, Current));
    }

    /// <summary>
    /// Signs in the user of a principal, as <c>HttpContext.SignInAsync</c> does: the owner is its
    /// <see cref="ClaimTypes.NameIdentifier"/>, or else its claim "sub", or else its name, and its claims are kept. See
    /// the other overload.
    /// </summary>
    /// <param name="principal">
    /// The user, such as one that an identity provider has authenticated. The type and value of each claim are kept,
    /// once, and nothing else of it.
    /// </param>
    /// <exception cref="ArgumentNullException">The principal is null.</exception>
    /// <exception cref="ArgumentException">
    /// The principal does not say who the user is, or its owner or a claim is not valid Unicode.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has started.
    /// </exception>
    /// <exception cref="SessionConflictException">The session has ended, and the response has started.</exception>
    public void SignIn(ClaimsPrincipal principal)
    {
        ArgumentNullException.ThrowIfNull(principal);
        var owner = SessionPrincipal.owner(Name, principal);
        Leave(SessionModule.signInWith(owner, SessionPrincipal.claims(owner, principal), Current));
    }

    /// <summary>
    /// When the owner last showed who they are: at the sign-in, or at the last <see cref="Reauthenticate"/>. The same as
    /// <see cref="SignedInAt"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public DateTimeOffset? AuthenticatedAt => SessionModule.authenticatedAt(Current)?.Value;

    /// <summary>
    /// Whether the session is bound to its device (<c>device_bound</c>), so that a copy of its cookies is worthless.
    /// </summary>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public SessionDevice Device => SessionDevices.FromCore(SessionModule.device(Current));

    /// <summary>
    /// Whether somebody is signed in, and showed who they are at most so long before this request.
    /// </summary>
    /// <param name="maxAge">How long ago that may be.</param>
    /// <exception cref="InvalidOperationException">The session belongs to an attempt that has ended.</exception>
    public bool IsFresh(TimeSpan maxAge) => SessionModule.isFresh(maxAge, Current);

    /// <summary>
    /// Call it when the owner has shown again who they are, for example by their password. The session gets a new id, and
    /// its creation and absolute end start again, with the lifetime that it has; owner, claims, label, client and values stay.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Nobody is signed in, nothing would commit the change here, the session belongs to an attempt that has ended, or the
    /// response has started.
    /// </exception>
    public void Reauthenticate() => Leave(SessionModule.reauthenticate(Current));

    /// <summary>Ends the session, as <see cref="Destroy"/> does.</summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit the change here, the session belongs to an attempt that has ended, or the response has started.
    /// </exception>
    public void SignOut() => Leave(SessionModule.signOut(Current));
}
