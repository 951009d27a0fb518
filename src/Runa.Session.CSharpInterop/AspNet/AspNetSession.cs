using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Runa.Session;

/// <summary>
/// A session as the framework's interface shows it. It keeps nothing of its own: every change is left with the request's
/// session, as those of <see cref="RunaSession"/> are, and both see one state.
/// </summary>
internal sealed partial class AspNetSession(RequestSession request, RunaAspNetSessionOptions options, ILogger log) : ISession
{
    // Given out, and not among the values yet.
    private string? _newId;

    // Whether anything was asked of it: until then the framework's session is not loaded.
    private bool _isAsked;

    public bool IsAvailable
    {
        get
        {
            _isAsked = true;
            return request.IsLoaded;
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

            // When it is enumerated, as it stands then: and so it can be changed meanwhile.
            IEnumerable<string> Enumerate()
            {
                if (!request.IsLoaded)
                {
                    yield break;
                }

                foreach (var name in SessionModule.keys(request.Current))
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
        SessionModule.find(AspNetSessionKeys.Id, request.Current) is { IsSome: true } found ? found.Value : null;

    private bool HasStarted => request.Context.Response.HasStarted;

    /// <summary>
    /// Whether a change would be committed: until the middleware ends, and then until the response starts, which commits
    /// what it finds. Servers use a context again for the next request, which has sessions of its own.
    /// </summary>
    private bool CanChange
    {
        get
        {
            if (request.IsBound)
            {
                return true;
            }

            var of = RequestSessions.tryFirst(request.Context);

            while (of is not null && !ReferenceEquals(of, request))
            {
                of = of.Next;
            }

            return of is not null && !HasStarted;
        }
    }

    public bool TryGetValue(string key, [NotNullWhen(true)] out byte[]? value)
    {
        var normal = AspNetSessionKeys.Normalize(key);
        var found = IsAvailable ? SessionModule.find(AspNetSessionKeys.Of(normal), request.Current) : default;
        value = found.IsSome ? found.Value : null;
        return found.IsSome;
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

        if (HasStarted && !SessionModule.status(request.Current).IsActive)
        {
            throw new InvalidOperationException(
                SessionModule.status(request.Current).IsExpired
                    ? $"The session \"{request.Name}\" has ended (signed out, revoked, expired or moved to a new id), and a new one cannot be established any more. Nothing was set. Let the browser load the page again."
                    : "The session cannot be established after the response has started.");
        }

        var next = SessionModule.set(AspNetSessionKeys.Of(normal), value, request.Current);
        Leave(StoredId is null ? SessionModule.set(AspNetSessionKeys.Id, _newId ?? NewId(), next) : next);
        _newId = null;
    }

    public void Remove(string key)
    {
        var normal = AspNetSessionKeys.Normalize(key);

        if (IsAvailable)
        {
            Leave(SessionModule.remove(AspNetSessionKeys.Of(normal), request.Current));
        }
        else
        {
            Lose();
        }
    }

    /// <summary>All values and flashes of the session, also those of the typed API. The Id stays.</summary>
    public void Clear()
    {
        if (!IsAvailable)
        {
            Lose();
            return;
        }

        var id = StoredId;
        var state = request.Current.State;

        // Where there is nothing, nothing is changed: merged, it would remove what another request has added.
        if (state.Values.Count > (id is null ? 0 : 1) || !state.Flashes.IsEmpty)
        {
            var cleared = SessionModule.clear(request.Current);
            Leave(id is null ? cleared : SessionModule.set(AspNetSessionKeys.Id, id, cleared));
        }
    }

    private static string NewId() => Guid.NewGuid().ToString();

    /// <summary>
    /// Stores an Id that was given out with the session, however that came to be stored, or the next request would give out
    /// another. A session with nothing in it is not stored, and so has none.
    /// </summary>
    private void KeepId()
    {
        if (_newId is null || !request.IsLoaded || SessionModule.isEmpty(request.Current) || StoredId is not null)
        {
            return;
        }

        var needsNoCookie = SessionModule.status(request.Current).IsActive && request.NamedSession.Seal.IsNone;

        if (CanChange && (needsNoCookie || !HasStarted))
        {
            Leave(SessionModule.set(AspNetSessionKeys.Id, _newId, request.Current));
            _newId = null;
        }
    }

    private void Leave(Session next)
    {
        if (ReferenceEquals(next, request.Current))
        {
            return;
        }

        if (!CanChange)
        {
            throw new InvalidOperationException(
                $"The session \"{request.Name}\" cannot be changed any more, nothing would commit it: its request has ended.");
        }

        RequestSessions.leave(request, next);
    }
}
