using System.Security.Claims;

namespace Runa;

public sealed partial class RunaSession
{
    /// <summary>Who signed in; null: nobody.</summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public string? Owner => SessionModule.owner(Current)?.Value;

    /// <summary>When its owner signed in.</summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public DateTimeOffset? SignedInAt => SessionModule.signedInAt(Current)?.Value;

    /// <summary>
    /// What is kept beside the owner, not among the values: types and values of claims. Replaced by signing in only.
    /// </summary>
    /// <exception cref="InvalidOperationException">It belongs to an attempt that has ended.</exception>
    public IReadOnlyList<Claim> Claims =>
        [.. from claim in SessionModule.claims(Current) from value in claim.Value select new Claim(claim.Key, value)];

    /// <summary>What a list of devices shows: "Firefox on Linux".</summary>
    /// <exception cref="ArgumentException">It is set to what is not valid Unicode.</exception>
    /// <exception cref="InvalidOperationException">
    /// It is set where nothing would commit it, or the session belongs to an attempt that has ended.
    /// </exception>
    /// <exception cref="SessionConflictException">The session has ended, and the response has started.</exception>
    public string? Label
    {
        get => SessionModule.label(Current)?.Value;
        set => Leave(SessionModule.withLabel(value ?? string.Empty, Current));
    }

    /// <summary>
    /// Makes it the owner's, under a new id; creation and absolute end start again. Over another owner's session it starts
    /// from empty.
    /// </summary>
    /// <param name="owner">An id that never changes, not a name that may.</param>
    /// <param name="claims">Kept beside the owner: their types and values, each once, and nothing else of them.</param>
    /// <exception cref="ArgumentNullException">The owner or a claim is null.</exception>
    /// <exception cref="ArgumentException">The owner is empty or white space, or it or a claim is not valid Unicode.</exception>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit it here, it belongs to an attempt that has ended, or the response has started.
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

    /// <summary>Ends it, as <see cref="Destroy"/> does.</summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing would commit it here, it belongs to an attempt that has ended, or the response has started.
    /// </exception>
    public void SignOut() => Leave(SessionModule.signOut(Current));
}
