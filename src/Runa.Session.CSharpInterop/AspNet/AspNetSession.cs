using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Runa;

/// <summary>
/// The framework's interface to a session. It holds no values itself: like <see cref="RunaSession"/>, it leaves every
/// change with the session of the request, so that both see the same state.
/// </summary>
internal sealed partial class AspNetSession : ISession, IDisposable
{
    private readonly RunaAspNetSessionOptions _options;
    private readonly ILogger _log;
    private readonly SessionOffer _offer;

    public AspNetSession(HttpContext context, string name, RunaAspNetSessionOptions options, ILogger log)
    {
        _options = options;
        _log = log;

        // Asks for the policy at once if the request has looked at its session before.
        _offer = context.OfferSession(name, () => new ScopePolicy { Forgives = Forgives, ForbidsCaching = true });
    }

    private SessionScope Scope => _offer.Scope;

    // An Id that was given out, but is not stored yet.
    private string? _newId;

    // Whether anybody has used it. Until then the framework's session is not loaded.
    private bool _isAsked;

    public bool IsAvailable
    {
        get
        {
            _isAsked = true;
            return TryLoad();
        }
    }

    public string Id
    {
        get
        {
            if (!IsAvailable)
            {
                return string.Empty;
            }

            if (StoredId is { } id)
            {
                return id;
            }

            var given = _newId ??= NewId();
            KeepId();
            return given;
        }
    }

    public IEnumerable<string> Keys
    {
        get
        {
            _isAsked = true;
            return Enumerate();

            // The session as it is when the loop begins; the loop may change it.
            IEnumerable<string> Enumerate()
            {
                if (!TryLoad())
                {
                    yield break;
                }

                foreach (var name in SessionModule.keys(Scope.Current))
                {
                    if (AspNetSessionKeys.TryRead(name, out var key))
                    {
                        yield return key;
                    }
                }
            }
        }
    }

    private string? StoredId =>
        SessionModule.getOr(AspNetSessionKeys.Id, null!, Scope.Current);

    private bool HasStarted => _offer.Context.Response.HasStarted;

    /// <summary>
    /// Whether anything would commit a change: the middleware, until it ends, and then the start of the response. After
    /// that, servers use the context for another request, which has sessions of its own.
    /// </summary>
    private bool CanChange
    {
        get
        {
            return Scope.IsOpen || (Scope.IsOfRequest && !HasStarted);
        }
    }

    public bool TryGetValue(string key, [NotNullWhen(true)] out byte[]? value)
    {
        var normal = AspNetSessionKeys.Normalize(key);
        value = IsAvailable ? SessionModule.getOr(AspNetSessionKeys.Of(normal), null!, Scope.Current) : null;
        return value is not null;
    }

    public void Set(string key, byte[] value)
    {
        ArgumentNullException.ThrowIfNull(value);

        if (!IsAvailable)
        {
            Lose();
            return;
        }

        var normal = AspNetSessionKeys.Normalize(key);

        if (Encoding.UTF8.GetByteCount(normal) > AspNetSessionKeys.LongestKey)
        {
            throw new ArgumentOutOfRangeException(
                nameof(key),
                $"A session key has at most {AspNetSessionKeys.LongestKey} bytes in UTF-8.");
        }

        if (HasStarted && !SessionModule.status(Scope.Current).IsActive)
        {
            throw new InvalidOperationException(
                SessionModule.status(Scope.Current).HasEnded
                    ? $"The session \"{Scope.Name}\" has ended (signed out, revoked, expired or moved to a new id), and a new one cannot be established any more. Nothing was set. Let the browser load the page again."
                    : "The session cannot be established after the response has started.");
        }

        var next = SessionModule.set(AspNetSessionKeys.Of(normal), value, Scope.Current);
        Leave(StoredId is null ? SessionModule.set(AspNetSessionKeys.Id, _newId ?? NewId(), next) : next);
        _newId = null;
    }

    public void Remove(string key)
    {
        var normal = AspNetSessionKeys.Normalize(key);

        if (IsAvailable)
        {
            Leave(SessionModule.remove(AspNetSessionKeys.Of(normal), Scope.Current));
        }
        else
        {
            Lose();
        }
    }

    /// <summary>Removes all values and flashes, including those of the typed API. The Id stays.</summary>
    public void Clear()
    {
        if (!IsAvailable)
        {
            Lose();
            return;
        }

        var id = StoredId;
        var current = Scope.Current;

        // A session that is empty is not cleared: in a merge, that would remove what another request has added.
        if (SessionModule.keys(current).Length > (id is null ? 0 : 1) || SessionModule.hasFlashes(current))
        {
            var cleared = SessionModule.clear(current);
            Leave(id is null ? cleared : SessionModule.set(AspNetSessionKeys.Id, id, cleared));
        }
    }

    private static string NewId() => Guid.NewGuid().ToString();

    /// <summary>
    /// Stores the Id that this request gave out, together with the values; otherwise the next request would give out
    /// another. A session without values is not stored, so its Id is not either.
    /// </summary>
    private void KeepId()
    {
        if (_newId is null || !Scope.IsLoaded || SessionModule.isEmpty(Scope.Current) || StoredId is not null)
        {
            return;
        }

        var kept = SessionModule.set(AspNetSessionKeys.Id, _newId, Scope.Current);

        if (CanChange && Scope.CanCommit(kept))
        {
            Leave(kept);
            _newId = null;
        }
    }

    private void Leave(SessionValue next)
    {
        if (ReferenceEquals(next, Scope.Current))
        {
            return;
        }

        if (!CanChange)
        {
            throw new InvalidOperationException(
                $"The session \"{Scope.Name}\" cannot be changed any more, because nothing would commit it: its request has ended.");
        }

        Scope.Leave(next);
    }
}
